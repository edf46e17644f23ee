CREATE TABLE token (
  id INTEGER NOT NULL, 
  description VARCHAR(80), 
  serial VARCHAR(40) NOT NULL, 
  tokentype VARCHAR(30), 
  user_pin VARCHAR(512), 
  user_pin_iv VARCHAR(32), 
  so_pin VARCHAR(512), 
  so_pin_iv VARCHAR(32), 
  pin_seed VARCHAR(32), 
  otplen INTEGER, 
  pin_hash VARCHAR(512), 
  key_enc VARCHAR(2800), 
  key_iv VARCHAR(32), 
  maxfail INTEGER, 
  active BOOLEAN NOT NULL, 
  revoked BOOLEAN, 
  locked BOOLEAN, 
  failcount INTEGER, 
  count INTEGER, 
  count_window INTEGER, 
  sync_window INTEGER, 
  rollout_state VARCHAR(10), 
  PRIMARY KEY (id)
);

CREATE INDEX ix_token_tokentype ON token (tokentype);

CREATE UNIQUE INDEX ix_token_serial ON token (serial);

CREATE TABLE admin (
  username VARCHAR(120) NOT NULL, 
  password VARCHAR(255), 
  email VARCHAR(255), 
  PRIMARY KEY (username)
);

CREATE TABLE config (
  "Key" VARCHAR(255) NOT NULL, 
  "Value" VARCHAR(2000), 
  "Type" VARCHAR(2000), 
  "Description" VARCHAR(2000), 
  PRIMARY KEY ("Key")
);

CREATE TABLE realm (
  id INTEGER NOT NULL, 
  name VARCHAR(255) NOT NULL, 
  "default" BOOLEAN, 
  option VARCHAR(40), 
  PRIMARY KEY (id), 
  UNIQUE (name)
);

CREATE TABLE caconnector (
  id INTEGER NOT NULL, 
  name VARCHAR(255) NOT NULL, 
  catype VARCHAR(255) NOT NULL, 
  PRIMARY KEY (id), 
  UNIQUE (name)
);

CREATE TABLE resolver (
  id INTEGER NOT NULL, 
  name VARCHAR(255) NOT NULL, 
  rtype VARCHAR(255) NOT NULL, 
  PRIMARY KEY (id), 
  UNIQUE (name)
);

CREATE TABLE passwordreset (
  id INTEGER NOT NULL, 
  recoverycode VARCHAR(255) NOT NULL, 
  username VARCHAR(64) NOT NULL, 
  realm VARCHAR(64) NOT NULL, 
  resolver VARCHAR(64), 
  email VARCHAR(255), 
  timestamp DATETIME, 
  expiration DATETIME, 
  PRIMARY KEY (id)
);

CREATE INDEX ix_passwordreset_realm ON passwordreset (realm);

CREATE INDEX ix_passwordreset_username ON passwordreset (username);

CREATE TABLE jwt_blacklist (
  expiration DATETIME, 
  nonce VARCHAR(128) NOT NULL, 
  PRIMARY KEY (nonce), 
  UNIQUE (nonce)
);

CREATE INDEX ix_jwt_blacklist_expiration ON jwt_blacklist (expiration);

CREATE TABLE challenge (
  id INTEGER NOT NULL, 
  transaction_id VARCHAR(64) NOT NULL, 
  data VARCHAR(512), 
  challenge VARCHAR(512), 
  "session" VARCHAR(512), 
  serial VARCHAR(40), 
  timestamp DATETIME, 
  expiration DATETIME, 
  received_count INTEGER, 
  otp_valid BOOLEAN, 
  PRIMARY KEY (id)
);

CREATE INDEX ix_challenge_serial ON challenge (serial);

CREATE INDEX ix_challenge_transaction_id ON challenge (transaction_id);

CREATE INDEX ix_challenge_timestamp ON challenge (timestamp);

CREATE TABLE policy (
  id INTEGER NOT NULL, 
  active BOOLEAN, 
  check_all_resolvers BOOLEAN, 
  name VARCHAR(64) NOT NULL, 
  scope VARCHAR(32) NOT NULL, 
  action VARCHAR(2000), 
  realm VARCHAR(256), 
  adminrealm VARCHAR(256), 
  adminuser VARCHAR(256), 
  resolver VARCHAR(256), 
  edumfanode VARCHAR(256), 
  user VARCHAR(256), 
  client VARCHAR(256), 
  time VARCHAR(64), 
  priority INTEGER NOT NULL, 
  PRIMARY KEY (id), 
  UNIQUE (name)
);

CREATE TABLE eventhandler (
  id INTEGER NOT NULL, 
  name VARCHAR(64), 
  active BOOLEAN, 
  ordering INTEGER NOT NULL, 
  position VARCHAR(10), 
  event VARCHAR(255) NOT NULL, 
  handlermodule VARCHAR(255) NOT NULL, 
  condition VARCHAR(1024), 
  action VARCHAR(1024), 
  PRIMARY KEY (id)
);

CREATE TABLE machineresolver (
  id INTEGER NOT NULL, 
  name VARCHAR(255) NOT NULL, 
  rtype VARCHAR(255) NOT NULL, 
  PRIMARY KEY (id), 
  UNIQUE (name)
);

CREATE TABLE smsgateway (
  id INTEGER NOT NULL, 
  identifier VARCHAR(255) NOT NULL, 
  description VARCHAR(1024), 
  providermodule VARCHAR(1024) NOT NULL, 
  PRIMARY KEY (id), 
  UNIQUE (identifier)
);

CREATE TABLE edumfaserver (
  id INTEGER NOT NULL, 
  identifier VARCHAR(255) NOT NULL, 
  url VARCHAR(255) NOT NULL, 
  tls BOOLEAN, 
  description VARCHAR(2000), 
  PRIMARY KEY (id), 
  UNIQUE (identifier)
);

CREATE TABLE radiusserver (
  id INTEGER NOT NULL, 
  identifier VARCHAR(255) NOT NULL, 
  server VARCHAR(255) NOT NULL, 
  port INTEGER, 
  secret VARCHAR(255), 
  dictionary VARCHAR(255), 
  description VARCHAR(2000), 
  timeout INTEGER, 
  retries INTEGER, 
  enforce_ma BOOLEAN, 
  PRIMARY KEY (id), 
  UNIQUE (identifier)
);

CREATE TABLE smtpserver (
  id INTEGER NOT NULL, 
  identifier VARCHAR(255) NOT NULL, 
  server VARCHAR(255) NOT NULL, 
  port INTEGER, 
  username VARCHAR(255), 
  password VARCHAR(255), 
  sender VARCHAR(255), 
  tls BOOLEAN, 
  description VARCHAR(2000), 
  timeout INTEGER, 
  enqueue_job BOOLEAN NOT NULL, 
  PRIMARY KEY (id)
);

CREATE TABLE clientapplication (
  id INTEGER NOT NULL, 
  ip VARCHAR(255) NOT NULL, 
  hostname VARCHAR(255), 
  clienttype VARCHAR(255) NOT NULL, 
  lastseen DATETIME, 
  node VARCHAR(255) NOT NULL, 
  PRIMARY KEY (id), 
  CONSTRAINT caix UNIQUE (ip, clienttype, node)
);

CREATE INDEX ix_clientapplication_clienttype ON clientapplication (clienttype);

CREATE INDEX ix_clientapplication_ip ON clientapplication (ip);

CREATE INDEX ix_clientapplication_lastseen ON clientapplication (lastseen);

CREATE TABLE subscription (
  id INTEGER NOT NULL, 
  application VARCHAR(80), 
  for_name VARCHAR(80) NOT NULL, 
  for_address VARCHAR(128), 
  for_email VARCHAR(128) NOT NULL, 
  for_phone VARCHAR(50) NOT NULL, 
  for_url VARCHAR(80), 
  for_comment VARCHAR(255), 
  by_name VARCHAR(50) NOT NULL, 
  by_email VARCHAR(128) NOT NULL, 
  by_address VARCHAR(128), 
  by_phone VARCHAR(50), 
  by_url VARCHAR(80), 
  date_from DATETIME, 
  date_till DATETIME, 
  num_users INTEGER, 
  num_tokens INTEGER, 
  num_clients INTEGER, 
  level VARCHAR(80), 
  signature VARCHAR(640), 
  PRIMARY KEY (id)
);

CREATE INDEX ix_subscription_application ON subscription (application);

CREATE TABLE eventcounter (
  id INTEGER NOT NULL, 
  counter_name VARCHAR(80) NOT NULL, 
  counter_value INTEGER, 
  node VARCHAR(255) NOT NULL, 
  PRIMARY KEY (id), 
  CONSTRAINT evctr_1 UNIQUE (counter_name, node)
);

CREATE TABLE mfa_audit (
  id INTEGER NOT NULL, 
  date DATETIME, 
  startdate DATETIME, 
  duration DATETIME, 
  signature VARCHAR(620), 
  action VARCHAR(50), 
  success INTEGER, 
  serial VARCHAR(40), 
  token_type VARCHAR(12), 
  user VARCHAR(64), 
  realm VARCHAR(20), 
  resolver VARCHAR(50), 
  administrator VARCHAR(64), 
  action_detail VARCHAR(128), 
  info VARCHAR(128), 
  edumfa_server VARCHAR(255), 
  client VARCHAR(50), 
  loglevel VARCHAR(12), 
  clearance_level VARCHAR(12), 
  thread_id VARCHAR(20), 
  policies VARCHAR(255), 
  PRIMARY KEY (id)
);

CREATE INDEX ix_mfa_audit_date ON mfa_audit (date);

CREATE INDEX ix_mfa_audit_user ON mfa_audit (user);

CREATE TABLE usercache (
  id INTEGER NOT NULL, 
  username VARCHAR(64), 
  used_login VARCHAR(64), 
  resolver VARCHAR(120), 
  user_id VARCHAR(320), 
  timestamp DATETIME, 
  PRIMARY KEY (id)
);

CREATE INDEX ix_usercache_user_id ON usercache (user_id);

CREATE INDEX ix_usercache_username ON usercache (username);

CREATE INDEX ix_usercache_timestamp ON usercache (timestamp);

CREATE INDEX ix_usercache_used_login ON usercache (used_login);

CREATE TABLE authcache (
  id INTEGER NOT NULL, 
  first_auth DATETIME, 
  last_auth DATETIME, 
  username VARCHAR(64), 
  resolver VARCHAR(120), 
  realm VARCHAR(120), 
  client_ip VARCHAR(40), 
  user_agent VARCHAR(120), 
  auth_count INTEGER, 
  authentication VARCHAR(255), 
  PRIMARY KEY (id)
);

CREATE INDEX ix_authcache_resolver ON authcache (resolver);

CREATE INDEX ix_authcache_username ON authcache (username);

CREATE INDEX ix_authcache_first_auth ON authcache (first_auth);

CREATE INDEX ix_authcache_realm ON authcache (realm);

CREATE INDEX ix_authcache_last_auth ON authcache (last_auth);

CREATE TABLE periodictask (
  id INTEGER NOT NULL, 
  name VARCHAR(64) NOT NULL, 
  active BOOLEAN NOT NULL, 
  retry_if_failed BOOLEAN NOT NULL, 
  interval VARCHAR(256) NOT NULL, 
  nodes VARCHAR(256) NOT NULL, 
  taskmodule VARCHAR(256) NOT NULL, 
  ordering INTEGER NOT NULL, 
  last_update DATETIME NOT NULL, 
  PRIMARY KEY (id), 
  UNIQUE (name)
);

CREATE TABLE monitoringstats (
  id INTEGER NOT NULL, 
  timestamp DATETIME NOT NULL, 
  stats_key VARCHAR(128) NOT NULL, 
  stats_value INTEGER NOT NULL, 
  PRIMARY KEY (id), 
  CONSTRAINT msix_1 UNIQUE (timestamp, stats_key)
);

CREATE INDEX ix_monitoringstats_timestamp ON monitoringstats (timestamp);

CREATE TABLE serviceid (
  id INTEGER NOT NULL, 
  name VARCHAR(255) NOT NULL, 
  "Description" VARCHAR(2000), 
  PRIMARY KEY (id), 
  UNIQUE (name)
);

CREATE TABLE tokengroup (
  id INTEGER NOT NULL, 
  name VARCHAR(255) NOT NULL, 
  "Description" VARCHAR(2000), 
  PRIMARY KEY (id), 
  UNIQUE (name)
);

CREATE TABLE tokeninfo (
  id INTEGER NOT NULL, 
  "Key" VARCHAR(255) NOT NULL, 
  "Value" TEXT, 
  "Type" VARCHAR(100), 
  "Description" VARCHAR(2000), 
  token_id INTEGER, 
  PRIMARY KEY (id), 
  CONSTRAINT tiix_2 UNIQUE (token_id, "Key"), 
  FOREIGN KEY(token_id) REFERENCES token (id)
);

CREATE INDEX ix_tokeninfo_token_id ON tokeninfo (token_id);

CREATE TABLE customuserattribute (
  id INTEGER NOT NULL, 
  user_id VARCHAR(320), 
  resolver VARCHAR(120), 
  realm_id INTEGER, 
  "Key" VARCHAR(255) NOT NULL, 
  "Value" TEXT, 
  "Type" VARCHAR(100), 
  PRIMARY KEY (id), 
  FOREIGN KEY(realm_id) REFERENCES realm (id)
);

CREATE INDEX ix_customuserattribute_user_id ON customuserattribute (user_id);

CREATE INDEX ix_customuserattribute_resolver ON customuserattribute (resolver);

CREATE TABLE caconnectorconfig (
  id INTEGER NOT NULL, 
  caconnector_id INTEGER, 
  "Key" VARCHAR(255) NOT NULL, 
  "Value" VARCHAR(2000), 
  "Type" VARCHAR(2000), 
  "Description" VARCHAR(2000), 
  PRIMARY KEY (id), 
  CONSTRAINT ccix_2 UNIQUE (caconnector_id, "Key"), 
  FOREIGN KEY(caconnector_id) REFERENCES caconnector (id)
);

CREATE TABLE resolverconfig (
  id INTEGER NOT NULL, 
  resolver_id INTEGER, 
  "Key" VARCHAR(255) NOT NULL, 
  "Value" VARCHAR(2000), 
  "Type" VARCHAR(2000), 
  "Description" VARCHAR(2000), 
  PRIMARY KEY (id), 
  CONSTRAINT rcix_2 UNIQUE (resolver_id, "Key"), 
  FOREIGN KEY(resolver_id) REFERENCES resolver (id)
);

CREATE TABLE resolverrealm (
  id INTEGER NOT NULL, 
  resolver_id INTEGER, 
  realm_id INTEGER, 
  priority INTEGER, 
  PRIMARY KEY (id), 
  CONSTRAINT rrix_2 UNIQUE (resolver_id, realm_id), 
  FOREIGN KEY(resolver_id) REFERENCES resolver (id), 
  FOREIGN KEY(realm_id) REFERENCES realm (id)
);

CREATE TABLE tokenowner (
  id INTEGER NOT NULL, 
  token_id INTEGER, 
  resolver VARCHAR(120), 
  user_id VARCHAR(320), 
  realm_id INTEGER, 
  PRIMARY KEY (id), 
  FOREIGN KEY(token_id) REFERENCES token (id), 
  FOREIGN KEY(realm_id) REFERENCES realm (id)
);

CREATE INDEX ix_tokenowner_resolver ON tokenowner (resolver);

CREATE INDEX ix_tokenowner_user_id ON tokenowner (user_id);

CREATE TABLE tokenrealm (
  id INTEGER, 
  token_id INTEGER, 
  realm_id INTEGER, 
  PRIMARY KEY (id), 
  CONSTRAINT trix_2 UNIQUE (token_id, realm_id), 
  FOREIGN KEY(token_id) REFERENCES token (id), 
  FOREIGN KEY(realm_id) REFERENCES realm (id)
);

CREATE TABLE policycondition (
  id INTEGER NOT NULL, 
  policy_id INTEGER NOT NULL, 
  section VARCHAR(255) NOT NULL, 
  "Key" VARCHAR(255) NOT NULL, 
  comparator VARCHAR(255) NOT NULL, 
  "Value" VARCHAR(2000) NOT NULL, 
  active BOOLEAN NOT NULL, 
  PRIMARY KEY (id), 
  FOREIGN KEY(policy_id) REFERENCES policy (id)
);

CREATE TABLE machinetoken (
  id INTEGER NOT NULL, 
  token_id INTEGER, 
  machineresolver_id INTEGER, 
  machine_id VARCHAR(255), 
  application VARCHAR(64), 
  PRIMARY KEY (id), 
  FOREIGN KEY(token_id) REFERENCES token (id)
);

CREATE TABLE eventhandlercondition (
  id INTEGER NOT NULL, 
  eventhandler_id INTEGER, 
  "Key" VARCHAR(255) NOT NULL, 
  "Value" VARCHAR(2000), 
  comparator VARCHAR(255), 
  PRIMARY KEY (id), 
  CONSTRAINT ehcix_1 UNIQUE (eventhandler_id, "Key"), 
  FOREIGN KEY(eventhandler_id) REFERENCES eventhandler (id)
);

CREATE TABLE eventhandleroption (
  id INTEGER NOT NULL, 
  eventhandler_id INTEGER, 
  "Key" VARCHAR(255) NOT NULL, 
  "Value" VARCHAR(2000), 
  "Type" VARCHAR(2000), 
  "Description" VARCHAR(2000), 
  PRIMARY KEY (id), 
  CONSTRAINT ehoix_1 UNIQUE (eventhandler_id, "Key"), 
  FOREIGN KEY(eventhandler_id) REFERENCES eventhandler (id)
);

CREATE TABLE machineresolverconfig (
  id INTEGER NOT NULL, 
  resolver_id INTEGER, 
  "Key" VARCHAR(255) NOT NULL, 
  "Value" VARCHAR(2000), 
  "Type" VARCHAR(2000), 
  "Description" VARCHAR(2000), 
  PRIMARY KEY (id), 
  CONSTRAINT mrcix_2 UNIQUE (resolver_id, "Key"), 
  FOREIGN KEY(resolver_id) REFERENCES machineresolver (id)
);

CREATE TABLE smsgatewayoption (
  id INTEGER NOT NULL, 
  "Key" VARCHAR(255) NOT NULL, 
  "Value" TEXT, 
  "Type" VARCHAR(100), 
  gateway_id INTEGER, 
  PRIMARY KEY (id), 
  CONSTRAINT sgix_1 UNIQUE (gateway_id, "Key", "Type"), 
  FOREIGN KEY(gateway_id) REFERENCES smsgateway (id)
);

CREATE INDEX ix_smsgatewayoption_gateway_id ON smsgatewayoption (gateway_id);

CREATE TABLE periodictaskoption (
  id INTEGER NOT NULL, 
  periodictask_id INTEGER, 
  "key" VARCHAR(255) NOT NULL, 
  value VARCHAR(2000), 
  PRIMARY KEY (id), 
  CONSTRAINT ptoix_1 UNIQUE (periodictask_id, "key"), 
  FOREIGN KEY(periodictask_id) REFERENCES periodictask (id)
);

CREATE TABLE periodictasklastrun (
  id INTEGER NOT NULL, 
  periodictask_id INTEGER, 
  node VARCHAR(255) NOT NULL, 
  timestamp DATETIME NOT NULL, 
  PRIMARY KEY (id), 
  CONSTRAINT ptlrix_1 UNIQUE (periodictask_id, node), 
  FOREIGN KEY(periodictask_id) REFERENCES periodictask (id)
);

CREATE TABLE tokentokengroup (
  id INTEGER, 
  token_id INTEGER, 
  tokengroup_id INTEGER, 
  PRIMARY KEY (id), 
  CONSTRAINT ttgix_2 UNIQUE (token_id, tokengroup_id), 
  FOREIGN KEY(token_id) REFERENCES token (id), 
  FOREIGN KEY(tokengroup_id) REFERENCES tokengroup (id)
);

CREATE TABLE machinetokenoptions (
  id INTEGER NOT NULL, 
  machinetoken_id INTEGER, 
  mt_key VARCHAR(64) NOT NULL, 
  mt_value VARCHAR(64) NOT NULL, 
  PRIMARY KEY (id), 
  FOREIGN KEY(machinetoken_id) REFERENCES machinetoken (id)
);
