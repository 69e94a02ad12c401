-- Each token's end is told once ahead; and whose app renews it.

ALTER TABLE account_tokens ADD COLUMN is_expiry_told boolean NOT NULL DEFAULT false;

-- Of the operator's apps, the one that the account was connected through; NULL where it was the project's own, or none.
ALTER TABLE social_accounts ADD COLUMN app_variant text;
