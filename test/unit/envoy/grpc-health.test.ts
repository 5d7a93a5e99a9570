/** What the gRPC server says about itself: grpc.health.v1, and reflection where it is asked for. */
import { Client, credentials, status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestAuthorizationServer } from '../../support/authorization-server.js'
import { createHealthClient, type HealthClient } from '../../support/health-client.js'
import { startTestDoor, type TestDoor, type TestDoorOptions } from '../../support/test-door.js'
import { startTestGate, testConfig } from '../../support/test-gate.js'
import { until } from '../../support/until.js'
import { lengthDelimited } from '../../support/wire.js'

const authorization = 'envoy.service.auth.v3.Authorization'
const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function createClient(address: string): HealthClient {
  const client = createHealthClient(address)
  closing.push(client.close)
  return client
}

async function open(options: TestDoorOptions = {}): Promise<TestDoor> {
  const door = await startTestDoor(options)
  closing.push(async () => {
    await door.close(0)
  })
  return door
}

describe.each(['', authorization])('the health of "%s"', (service) => {
  it('is NOT_SERVING until the gate is ready, and follows it', async () => {
    const door = await open()
    const health = createClient(door.address)
    expect(await health.check(service)).toBe('NOT_SERVING')
    door.setServing(true)
    expect(await health.check(service)).toBe('SERVING')
    door.setServing(false)
    expect(await health.check(service)).toBe('NOT_SERVING')
  })

  it('is told to those who watch', async () => {
    const door = await open()
    const { statuses, cancel } = createClient(door.address).watch(service)
    await until(() => statuses.length === 1)
    door.setServing(true)
    await until(() => statuses.length === 2)
    door.setServing(false)
    await until(() => statuses.length === 3)
    cancel()
    expect(statuses).toEqual(['NOT_SERVING', 'SERVING', 'NOT_SERVING'])
  })
})

describe('the health of a gate', () => {
  it('follows its issuers, and ends with the drain', async () => {
    const issuer = await startTestAuthorizationServer()
    closing.push(async () => {
      await issuer.close()
    })
    issuer.answer('/jwks', (_request, response) => response.writeHead(503).end())
    const gate = await startTestGate(
      testConfig(issuer, { shutdown: { drainSeconds: 0, graceSeconds: 0.05 } }),
      { awaitReady: false },
    )
    const { statuses } = createClient(gate.addresses.grpc).watch(authorization)
    await until(() => statuses.length === 1)
    issuer.answer('/jwks', undefined)
    await until(() => statuses.length === 2)
    await gate.close() // A watch that is still open does not hold it up.
    await until(() => statuses.length === 3)
    expect(statuses).toEqual(['NOT_SERVING', 'SERVING', 'NOT_SERVING'])
  })
})

describe('the health of something else', () => {
  it('is not found', async () => {
    const { address } = await open()
    await expect(createClient(address).check('other.Service')).rejects.toMatchObject({
      code: status.NOT_FOUND,
    })
  })
})

/** Asks the reflection service for the names of the services; gives the raw answer, or the code of a refusal. */
async function listServices(address: string): Promise<string | status> {
  const client = new Client(address, credentials.createInsecure())
  closing.push(() => {
    client.close()
  })
  const stream = client.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    (message: Buffer) => message,
    (message: Buffer) => message,
  )
  return await new Promise((resolve) => {
    stream.on('data', (message: Buffer) => {
      resolve(message.toString('latin1'))
    })
    stream.on('error', (error: { code: status }) => {
      resolve(error.code)
    })
    stream.write(lengthDelimited(7, '')) // list_services
    stream.end()
  })
}

describe('reflection', () => {
  it('names the services where it is switched on', async () => {
    const { address } = await open({ server: { reflection: true } })
    expect(await listServices(address)).toContain(authorization)
  })

  it('is off unless it is asked for', async () => {
    const { address } = await open()
    expect(await listServices(address)).toBe(status.UNIMPLEMENTED)
  })
})
