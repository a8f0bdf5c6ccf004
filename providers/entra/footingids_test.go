package entra

import (
	"slices"
	"testing"

	"github.com/countersign/countersign/providers/entra/entrasim"
)

// C9: a name makes no application a service of Microsoft's, and our own
// application is known by each of its ids. Both are learnt before the first page
// of the log is judged.
func TestC9WhoseApplicationsAct(t *testing.T) {
	const pretender = "11111111-2222-4333-8444-555555555555"
	company := entrasim.SmallCompany()
	company.Principals = append(company.Principals, entrasim.ServicePrincipal{ID: pretender, AppID: pretender, Name: "MS-PIM", Owner: company.TenantID})
	o := newTenant(t, entrasim.Options{Company: company}, nil)
	if _, err := o.Client.NewPoller(PollerOptions{Pages: &pages{}}).Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := o.Client.dec.pretend.get(); !slices.Equal(got, []string{pretender}) {
		t.Errorf("pretenders %v", got)
	}
	if got := o.Client.dec.platform.get(); len(got) != 2 || slices.Contains(got, pretender) {
		t.Errorf("Microsoft's services %v", got)
	}
	own := o.Client.dec.own.get()
	for _, id := range []string{entrasim.OwnApp, entrasim.OwnAppObject, entrasim.OwnPrincipal} {
		if !slices.Contains(own, id) {
			t.Errorf("%s is ours and not among %v", id, own)
		}
	}
	// Without the permission to read applications the log is read all the same.
	o.Sim().TakePermission(entrasim.OwnApp, "Application.ReadWrite.All")
	o.Sim().TakePermission(entrasim.OwnApp, "Application.Read.All")
	fresh, err := New(o.Client.opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.NewPoller(PollerOptions{Pages: &pages{}}).Once(t.Context()); err != nil {
		t.Errorf("without the permission: %v", err)
	}
	if got := fresh.dec.own.get(); !slices.Contains(got, entrasim.OwnApp) {
		t.Errorf("own ids without the permission: %v", got)
	}
}
