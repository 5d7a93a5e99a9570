/** The HTTP doors: forward authentication for proxies that ask over HTTP. */
export { dialects } from './dialects.js'
export { startForwardAuthServer } from './forward-auth-server.js'
export type { ForwardAuthServer, ForwardAuthServerOptions } from './forward-auth-server.js'
export { createForwardAuthService } from './forward-auth-service.js'
