import { describe, expect, it } from 'vitest'
import { serverLimits } from '#protocol/limits/server.ts'
import { budgets } from '../../server/budgets/budgets.ts'
import { createRateLimiter } from '../../server/budgets/rate-limiter.ts'
import { AppError } from '../../server/shared/errors.ts'

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
    const rates = createRateLimiter(() => now, { enabled: true, shared: false })
    const take = () => rates.consume('customerMessages', 7)
    for (let i = 0; i < budgets.customerMessages.count; i++) take()
    expect(refusal(take)).toEqual({ code: 'rate_limited', retryAfterMs: 500 })
    now += 499
    expect(refusal(take)).toEqual({ code: 'rate_limited', retryAfterMs: 1 })
    now += 1
    expect(refusal(take)).toBeUndefined()
    expect(refusal(take)).toEqual({ code: 'rate_limited', retryAfterMs: 500 })
  })

  it('keeps callers apart, and kinds of things apart', () => {
    const rates = createRateLimiter(() => 0, { enabled: true, shared: false })
    for (let i = 0; i < budgets.customerMessages.count; i++) rates.consume('customerMessages', 1)
    expect(refusal(() => rates.consume('customerMessages', 2))).toBeUndefined()
    expect(refusal(() => rates.consume('agentMessages', 1))).toBeUndefined()
    expect(refusal(() => rates.consume('customerMessages', 1))).toBeDefined()
  })

  it('checks without counting, and counts without checking', () => {
    const rates = createRateLimiter(() => 0, { enabled: true, shared: false })
    for (let i = 0; i < 50; i++) rates.check('loginFailures', 'a')
    for (let i = 0; i < budgets.loginFailures.count; i++) rates.count('loginFailures', 'a')
    expect(refusal(() => rates.check('loginFailures', 'a'))).toMatchObject({ code: 'rate_limited' })
  })

  it('holds nobody back when switched off', () => {
    const rates = createRateLimiter(() => 0, { enabled: false, shared: false })
    for (let i = 0; i < 1000; i++) rates.consume('customerMessages', 1)
  })

  it('[ND8] counts what another node counted, each thing once, and tells nothing back', () => {
    const [here, there] = [0, 1].map(() => createRateLimiter(() => 0, { enabled: true, shared: true }))
    for (let i = 0; i < budgets.customerMessages.count; i++) there?.consume('customerMessages', 7)
    const counted = there?.drainDeltas() ?? []
    expect(counted).toEqual([['customerMessages:7', budgets.customerMessages.count]])
    expect(there?.drainDeltas()).toEqual([])
    here?.add(counted)
    expect(refusal(() => here?.consume('customerMessages', 7))).toMatchObject({ code: 'rate_limited' })
    expect(here?.drainDeltas()).toEqual([])
  })

  it('[ND8] tells no more than so many, and takes nothing strange', () => {
    const rates = createRateLimiter(() => 0, { enabled: true, shared: true })
    for (let i = 0; i < serverLimits.sharedRatesRows + 10; i++) rates.count('customerMessages', i)
    rates.count('connectionRequests', 'a')
    expect(rates.drainDeltas()).toHaveLength(serverLimits.sharedRatesRows)
    const strange = [
      ['toString:1', 1],
      ['pageSize:1', 1],
      ['none', 1],
      ['agentMessages:1', -5],
      ['agentMessages:1', 1e9],
    ]
    rates.add(strange as [string, number][])
    expect(refusal(() => rates.check('agentMessages', 1))).toMatchObject({ retryAfterMs: 100 })
  })
})
