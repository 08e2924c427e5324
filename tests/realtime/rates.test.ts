import { describe, expect, it } from 'vitest'
import { limits } from '#protocol/limits.ts'
import { AppError } from '../../server/errors.ts'
import { createRates } from '../../server/rates.ts'

function refusal(take: () => void): unknown {
  try {
    take()
  } catch (error) {
    return error instanceof AppError ? { code: error.code, ...error.details } : error
  }
  return undefined
}

describe('rates', () => {
  it('[MS7] lets a burst through, then one every windowMs / count, and says how long to wait', () => {
    let now = 1_000_000
    const rates = createRates(() => now, true)
    const take = () => rates.take('customerMessages', 7)
    for (let i = 0; i < limits.customerMessages.count; i++) take()
    expect(refusal(take)).toEqual({ code: 'rate_limited', retryAfterMs: 500 })
    now += 499
    expect(refusal(take)).toEqual({ code: 'rate_limited', retryAfterMs: 1 })
    now += 1
    expect(refusal(take)).toBeUndefined()
    expect(refusal(take)).toEqual({ code: 'rate_limited', retryAfterMs: 500 })
  })

  it('keeps callers apart, and kinds of things apart', () => {
    const rates = createRates(() => 0, true)
    for (let i = 0; i < limits.customerMessages.count; i++) rates.take('customerMessages', 1)
    expect(refusal(() => rates.take('customerMessages', 2))).toBeUndefined()
    expect(refusal(() => rates.take('agentMessages', 1))).toBeUndefined()
    expect(refusal(() => rates.take('customerMessages', 1))).toBeDefined()
  })

  it('checks without counting, and counts without checking', () => {
    const rates = createRates(() => 0, true)
    for (let i = 0; i < 50; i++) rates.check('loginFailures', 'a')
    for (let i = 0; i < limits.loginFailures.count; i++) rates.count('loginFailures', 'a')
    expect(refusal(() => rates.check('loginFailures', 'a'))).toMatchObject({ code: 'rate_limited' })
  })

  it('holds nobody back when switched off', () => {
    const rates = createRates(() => 0, false)
    for (let i = 0; i < 1000; i++) rates.take('customerMessages', 1)
  })
})
