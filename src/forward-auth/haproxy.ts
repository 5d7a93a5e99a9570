/**
 * HAProxy, which asks through deploy/haproxy/scopegate.lua: the script builds the question itself, from the request
 * line that HAProxy forwards, and removes the headers that the answer names.
 */
import { asItIs, type Dialect } from './dialect.js'

export const haproxy: Dialect = {
  door: 'haproxy',
  prefix: '/haproxy',
  isTransparent: false,
  fields: { method: 'x-scopegate-method', target: 'x-scopegate-target', host: 'x-scopegate-host' },
  foldStatus: asItIs,
  removeWith: 'x-scopegate-remove-headers',
}
