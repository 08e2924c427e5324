// The notification sound: two synthesised notes. Browsers block audio before the first
// click or key press; an alert from before that stays silent instead of playing late.

import { sound } from '../preferences.ts'

const notes = [
  { hertz: 659.26, startSeconds: 0 },
  { hertz: 880, startSeconds: 0.12 },
]
const durationSeconds = 0.5
const peakGain = 0.12
/** A burst of messages plays the sound once. */
const minIntervalMs = 2_000

let context: AudioContext | null = null
let playedAt = 0

export async function playSound(): Promise<void> {
  if (sound.value === 'off' || Date.now() - playedAt < minIntervalMs || !navigator.userActivation.hasBeenActive) return
  playedAt = Date.now()
  context ??= new AudioContext()
  await context.resume()
  for (const { hertz, startSeconds } of notes) scheduleTone(context, hertz, context.currentTime + startSeconds)
}

function scheduleTone(audio: AudioContext, hertz: number, start: number): void {
  const tone = audio.createOscillator()
  const volume = audio.createGain()
  tone.frequency.value = hertz
  volume.gain.setValueAtTime(0, start)
  volume.gain.linearRampToValueAtTime(peakGain, start + 0.015)
  volume.gain.exponentialRampToValueAtTime(0.0001, start + durationSeconds)
  tone.connect(volume).connect(audio.destination)
  tone.start(start)
  tone.stop(start + durationSeconds)
}
