package storetest

import (
	"edumfa/internal/machine"
	"edumfa/internal/store"
)

func (k *kit) attachments() {
	t1, t2 := k.newToken("T1", nil), k.newToken("T2", nil)
	_, err := k.db.SaveMachineStore(k.ctx, machine.Definition{Name: "lab", Kind: "hosts"})
	k.must(err)
	attach := func(a machine.Attachment) machine.Attachment {
		k.t.Helper()
		var err error
		a.ID, err = k.db.AttachToken(k.ctx, a)
		k.must(err)
		if a.TokenID, a.TokenType = t1.ID, t1.Type; a.Serial == "T2" {
			a.TokenID = t2.ID
		}
		if a.Options == nil {
			a.Options = map[string]string{}
		}
		return a
	}
	ssh := attach(machine.Attachment{Serial: "T1", Application: "ssh", Resolver: "lab", MachineID: "10.0.0.1", Options: map[string]string{"user": "root", "service_id": "web"}})
	anywhere := attach(machine.Attachment{Serial: "T1", Application: "offline"})
	other := attach(machine.Attachment{Serial: "T2", Application: "ssh", Resolver: "lab", MachineID: "10.0.0.2"})
	for name, a := range map[string]machine.Attachment{
		"unknown token": {Serial: "T9", Application: "ssh"}, "unknown store": {Serial: "T1", Application: "ssh", Resolver: "x", MachineID: "1"},
	} {
		if _, err := k.db.AttachToken(k.ctx, a); err == nil {
			k.t.Errorf("%s is attached", name)
		} else {
			k.wantErr(err, store.ErrNotFound)
		}
	}
	find := func(what string, f machine.Attachments, want ...machine.Attachment) {
		k.t.Helper()
		list, err := k.db.Attachments(k.ctx, f)
		k.must(err)
		equal(k, what, list, want)
	}
	apps, err := k.db.AttachedApplications(k.ctx)
	k.must(err)
	equal(k, "applications", apps, []string{"offline", "ssh"})
	find("all", machine.Attachments{}, ssh, anywhere, other)
	find("of a token", machine.Attachments{Serial: "T1"}, ssh, anywhere)
	find("of an application", machine.Attachments{Application: "ssh"}, ssh, other)
	find("of a machine", machine.Attachments{At: &machine.Place{Resolver: "lab", MachineID: "10.0.0.2"}}, other)
	find("of any machine", machine.Attachments{At: &machine.Place{}}, anywhere)
	find("one", machine.Attachments{ID: other.ID}, other)

	k.must(k.db.SetAttachmentOptions(k.ctx, []int64{ssh.ID, other.ID}, map[string]string{"user": "www", "tree": "oak"}, []string{"service_id"}))
	ssh.Options, other.Options = map[string]string{"user": "www", "tree": "oak"}, map[string]string{"user": "www", "tree": "oak"}
	find("changed", machine.Attachments{Application: "ssh"}, ssh, other)
	k.wantErr(k.db.SetAttachmentOptions(k.ctx, []int64{ssh.ID, 999999}, map[string]string{"user": "x"}, nil), store.ErrNotFound)
	find("unchanged", machine.Attachments{ID: ssh.ID}, ssh)

	n, err := k.db.DetachTokens(k.ctx, ssh.ID, 999999)
	k.must(err)
	equal(k, "detached", n, int64(1))
	k.must(k.db.DeleteToken(k.ctx, t2.ID, "T2"))
	find("left", machine.Attachments{}, anywhere)
	equal(k, "options", k.count("machinetokenoptions"), 0)
}

func (k *kit) machineStores() {
	d := machine.Definition{Name: "lab", Kind: "ldap", Options: []machine.Option{
		{Key: "LDAPURI", Value: "ldap://a", Type: "string", Description: "d"}, {Key: "BINDPW", Value: "sealed", Type: "password"}}}
	var err error
	d.ID, err = k.db.SaveMachineStore(k.ctx, d)
	k.must(err)
	again, err := k.db.SaveMachineStore(k.ctx, machine.Definition{Name: "lab", Kind: "ldap", Options: []machine.Option{{Key: "LDAPURI", Value: "ldap://b", Type: "string"}, {Key: "resolver", Value: "lab"}}})
	k.must(err)
	equal(k, "id", again, d.ID)
	d.Options = []machine.Option{{Key: "LDAPURI", Value: "ldap://b", Type: "string"}, d.Options[1], {Key: "resolver", Value: "lab"}}
	list, err := k.db.MachineStores(k.ctx)
	k.must(err)
	equal(k, "stores", list, []machine.Definition{d})
	id, err := k.db.DeleteMachineStore(k.ctx, "lab")
	k.must(err)
	equal(k, "deleted", id, d.ID)
	equal(k, "options", k.count("machineresolverconfig"), 0)
	_, err = k.db.DeleteMachineStore(k.ctx, "lab")
	k.wantErr(err, store.ErrNotFound)
}
