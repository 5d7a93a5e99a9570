/** The part of HTTP/1.1 that proxies ask questions in; everything else is Node's (RFC 9112). */
export { ServerConnection, type ServerConnectionOptions } from './server-connection.js'
export type { RequestHead } from './request-head.js'
