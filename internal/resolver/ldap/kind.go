// Package ldap is the resolver kind for users of an LDAP directory: OpenLDAP,
// Active Directory and others (RFC 4511, RFC 4515, RFC 4514).
//
// It owns the connections to the directory's servers, the failover between
// them, and a cache of users that goes on answering for some time while the
// directory is down. Passwords are checked by a bind and never from memory.
//
// Referrals are not followed: that would send the service password to hosts
// which a directory names. Kerberos is not supported.
package ldap

import (
	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

// Kind is the sort of user store "ldapresolver".
func Kind() resolver.Kind {
	return resolver.Kind{Name: "ldapresolver", Fields: fields(), New: open, Test: test}
}

// fields are the options in the order of the web form.
func fields() []field.Field {
	return []field.Field{
		{Name: "LDAPURI", Type: "string", Help: "Servers, separated by commas: ldap://host, ldaps://host:port or just a host"},
		{Name: "START_TLS", Type: "bool", Default: "False", Help: "Secure plain connections with STARTTLS"},
		{Name: "TLS_VERIFY", Type: "bool", Default: "False", Help: "Check the servers' certificates and names"},
		{Name: "TLS_VERSION", Type: "int", Help: "2: TLS 1.3, 3: TLS 1.0, 4: TLS 1.1, 5: TLS 1.2"},
		{Name: "TLS_CA_FILE", Type: "string", Help: "PEM file of the trusted CAs; empty: /etc/edumfa/ldap-ca.crt or those of the system"},
		{Name: "CACERTIFICATE", Type: "string", Help: "Kept for old settings, not used"},
		{Name: "LDAPBASE", Type: "string", Help: "DN below which users are looked for"},
		{Name: "SCOPE", Type: "string", Default: "SUBTREE", Help: "BASE, LEVEL or SUBTREE"},
		{Name: "AUTHTYPE", Type: "string", Default: authSimple, Help: "How to bind: Simple, SASL Digest-MD5 or NTLM"},
		{Name: "BINDDN", Type: "string", Help: "Name of the service account; empty: anonymous"},
		{Name: "BINDPW", Type: "password", Help: "Password of the service account"},
		{Name: "KEYTABFILE", Type: "string", Help: "Kept for old settings, not used"},
		{Name: "TIMEOUT", Type: "int", Default: "5", Help: "Seconds that one server has for one question"},
		{Name: "CACHE_TIMEOUT", Type: "int", Default: "120", Help: "Seconds that a user is answered from memory; 0: never while the directory works"},
		{Name: "SIZELIMIT", Type: "int", Default: "500", Help: "Most users in a list"},
		{Name: "SERVERPOOL_STRATEGY", Type: "string", Default: strategyRoundRobin, Help: "ROUND_ROBIN, FIRST or RANDOM"},
		{Name: "SERVERPOOL_ROUNDS", Type: "int", Default: "2", Help: "How often the list of servers is gone through"},
		{Name: "SERVERPOOL_SKIP", Type: "int", Default: "30", Help: "Seconds that a failing server is left out"},
		{Name: "SERVERPOOL_PERSISTENT", Type: "bool", Default: "False", Help: "Kept for old settings: servers are always remembered"},
		{Name: "LOGINNAMEATTRIBUTE", Type: "string", Help: "Attributes that users log in with, separated by commas; the first is the username"},
		{Name: "LDAPSEARCHFILTER", Type: "string", Help: "Filter that all users fit, such as (uid=*)(objectClass=inetOrgPerson)"},
		{Name: "USERINFO", Type: "string", Help: "JSON or YAML map of field to attribute"},
		{Name: "MULTIVALUEATTRIBUTES", Type: "string", Default: `["mobile"]`, Help: "JSON or YAML list of fields that keep all their values"},
		{Name: "UIDTYPE", Type: "string", Default: "DN", Help: "What identifies a user for ever: DN, entryUUID, objectGUID or another attribute"},
		{Name: "NOREFERRALS", Type: "bool", Default: "False", Help: "Kept for old settings: referrals are never followed"},
		{Name: "NOSCHEMAS", Type: "bool", Default: "False", Help: "Kept for old settings: the schema is never read"},
		{Name: "EDITABLE", Type: "bool", Default: "False", Help: "Users may be added, changed and deleted"},
		{Name: "OBJECT_CLASSES", Type: "string", Help: "Object classes of new users, separated by commas"},
		{Name: "DN_TEMPLATE", Type: "string", Help: "DN of new users, with <basedn>, <username>, <givenname>, <surname>"},
	}
}
