ALTER TABLE social_accounts DROP COLUMN app_variant;
ALTER TABLE account_tokens DROP COLUMN is_expiry_told;
