// Security headers of every response. The policy allows only what our own pages use. Only the widget's page may be
// framed, and only by the origins of its site.

import type { FastifyHelmetOptions } from '@fastify/helmet'
import type { Config } from '../process/config.ts'

const none = ["'none'"]
const own = ["'self'"]

/** For the API, whose responses are not pages. */
export function standardHeaders({ publicUrl }: Pick<Config, 'publicUrl'>): FastifyHelmetOptions {
  return {
    contentSecurityPolicy: policy({ 'frame-ancestors': none, 'base-uri': none, 'form-action': none }),
    // Replaced by frame-ancestors: the widget's frame needs a list.
    xFrameOptions: false,
    // Keeps the Origin of our own pages' requests, and sends other sites no referrer.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: publicUrl?.startsWith('https:')
      ? { maxAge: 365 * 24 * 3600, includeSubDomains: false }
      : false,
  }
}

/** `framedBy`: origins whose pages may frame this one. */
export function pageHeaders(framedBy: readonly string[]): FastifyHelmetOptions {
  return {
    contentSecurityPolicy: policy({
      'script-src': own,
      'style-src': own,
      // Also covers our own WebSockets in every browser that the build targets.
      'connect-src': own,
      'img-src': [...own, 'data:', 'blob:'],
      'font-src': own,
      'media-src': [...own, 'data:', 'blob:'],
      'frame-src': own,
      'manifest-src': own,
      'worker-src': own,
      'base-uri': none,
      'form-action': own,
      'frame-ancestors': framedBy.length === 0 ? none : framedBy,
      // No text can become markup or script, whatever a library does: no Trusted Types policy exists.
      'require-trusted-types-for': ["'script'"],
      'trusted-types': none,
    }),
  }
}

/** For uploads: an opened file runs nothing and loads nothing. */
export const fileHeaders: FastifyHelmetOptions = {
  contentSecurityPolicy: policy({ sandbox: [], 'frame-ancestors': none, 'base-uri': none, 'form-action': none }),
}

/** For files that pages of other sites load. */
export const forAnySite: FastifyHelmetOptions = { crossOriginResourcePolicy: { policy: 'cross-origin' } }

function policy(directives: Record<string, readonly string[]>) {
  return { useDefaults: false, directives: { 'default-src': none, ...directives } } as const
}

/**
 * standardHeaders as the plugin sends them, and no-store, for responses that Fastify does not make. A test compares
 * both.
 */
export function plainHeaders({ publicUrl }: Pick<Config, 'publicUrl'>): Record<string, string> {
  return {
    'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'same-origin',
    ...(publicUrl?.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
    'cache-control': 'no-store',
  }
}
