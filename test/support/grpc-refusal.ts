/** A gRPC client that expects to be refused. */
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'

const passThrough = (message: Buffer): Buffer => message

/** The error of a unary call with an empty message; `path` is the method. Rejects when the call is not refused. */
export async function grpcRefusal(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ServiceError> {
  const client = new Client(`127.0.0.1:${String(port)}`, credentials.createInsecure())
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  try {
    return await new Promise((resolve, reject) => {
      const empty = Buffer.alloc(0)
      client.makeUnaryRequest(path, passThrough, passThrough, empty, metadata, (error) => {
        if (error === null) reject(new Error('the call was not refused'))
        else resolve(error)
      })
    })
  } finally {
    client.close()
  }
}
