DROP TABLE pending_accounts;
DROP TABLE connect_sessions;
DROP INDEX social_accounts_network;
ALTER TABLE social_accounts DROP CONSTRAINT social_accounts_project_id_social_network_id_fkey;
DROP TABLE social_networks;
