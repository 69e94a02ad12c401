DROP TABLE audit_log, webhook_attempts, webhook_deliveries, delivery_queue, events, webhook_secrets, webhook_endpoints,
    publish_attempts, publish_queue, target_checkpoints, target_parts, post_targets, post_progress, post_containers, posts,
    jobs, media, account_tokens, social_accounts, idempotency_keys, api_keys, projects;
