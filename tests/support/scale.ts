// How much a test that draws by chance does: a part in `npm test`, all of it in `npm run test:long`. Every draw comes from a seed that can
// be given (SEED) to see the same again.

export const isLongRun = import.meta.env.MODE === 'long'

/** A whole number under 2^31, as fast-check takes it too. */
export const seed = process.env.SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(process.env.SEED)
