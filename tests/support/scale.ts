// The size of randomised tests: a part in `npm test`, everything in `npm run test:long`. Every random choice comes from
// a seed (SEED), so that a run can be repeated.

export const isLongRun = import.meta.env.MODE === 'long'

/** An integer below 2^31, the range that fast-check accepts too. */
export const seed = process.env.SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(process.env.SEED)
