// Builds the embed loader: one classic script for any page, dist/kefu.js.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { browsers } from './vite.config.ts'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

export default defineConfig({
  root: path('.'),
  publicDir: false,
  build: {
    target: browsers,
    outDir: path('dist'),
    emptyOutDir: false,
    lib: { entry: path('loader/loader.ts'), formats: ['iife'], name: 'KefuLoader', fileName: () => 'kefu.js' },
  },
})
