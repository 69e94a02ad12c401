// The official PDS with its own PLC directory, both on loopback, and one account with an app password.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Neither server lets its caller say where to listen: every listen(port) becomes one on loopback, before they are loaded.
const listen = Server.prototype.listen
Server.prototype.listen = function (first, ...rest) {
  return typeof first === 'number' || typeof first === 'string'
    ? listen.call(this, Number(first), '127.0.0.1', ...rest.filter((argument) => typeof argument === 'function'))
    : listen.call(this, { ...first, host: '127.0.0.1' }, ...rest)
}

const { PDS } = await import('@atproto/pds')
const { Database, PlcServer } = (await import('@did-plc/server')).default

const secret = () => randomBytes(16).toString('hex')

const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

const call = async (service, method, body, token) => {
  const response = await fetch(`${service}/xrpc/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${method}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

const directory = await mkdtemp(join(tmpdir(), 'fanfare-pds-'))
const plcPort = await freePort()
const plc = PlcServer.create({ db: Database.mock(), port: plcPort })
await plc.start()

const port = await freePort()
const pds = await PDS.fromEnv({
  devMode: true,
  port,
  dataDirectory: directory,
  blobstoreDiskLocation: join(directory, 'blobs'),
  didPlcUrl: `http://localhost:${plcPort}`,
  adminPassword: secret(),
  jwtSecret: secret(),
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  disableSsrfProtection: true,
})
await pds.start()

let stopping = false
const stop = async () => {
  if (stopping) return
  stopping = true
  await pds.destroy()
  await plc.destroy()
  await rm(directory, { recursive: true, force: true })
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

const service = `http://localhost:${port}`
const identifier = 'fanfare.test'
const { did, accessJwt } = await call(service, 'com.atproto.server.createAccount', {
  handle: identifier,
  email: 'fanfare@fanfare.test',
  password: secret(),
})
const { password: app_password } = await call(service, 'com.atproto.server.createAppPassword', { name: 'fanfare' }, accessJwt)
console.log(JSON.stringify({ service, plc: `http://localhost:${plcPort}`, identifier, app_password, did }))
