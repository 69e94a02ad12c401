"""Verifies one delivery with the PyPI library. See `verify`."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

try:
    delivery = json.load(sys.stdin)
    Webhook(delivery["secret"]).verify(delivery["body"], delivery["headers"])
except Exception as error:
    print(f"PyPI standardwebhooks: {error!r}", file=sys.stderr)
    sys.exit(1 if isinstance(error, WebhookVerificationError) else 2)
