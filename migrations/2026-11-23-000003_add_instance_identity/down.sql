DROP VIEW instance_evidence;
DROP TABLE instance_identity;
