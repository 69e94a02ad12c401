// Verifies one delivery with the npm library. See `verify`.
import { readFileSync } from 'node:fs'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'

try {
  const { secret, headers, body } = JSON.parse(readFileSync(0, 'utf8'))
  new Webhook(secret).verify(body, headers)
} catch (error) {
  console.error(`npm standardwebhooks: ${error}`)
  process.exit(error instanceof WebhookVerificationError ? 1 : 2)
}
