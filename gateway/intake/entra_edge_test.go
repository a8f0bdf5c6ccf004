package intake_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/intake"
	"github.com/countersign/countersign/holds"
)

// TestStrangersDoNotKeepMicrosoftOut: bodies that never come take the places of
// those who know no subscription's address, and no others.
func TestStrangersDoNotKeepMicrosoftOut(t *testing.T) {
	t.Parallel()
	g := openGraph(t, func(o *intake.Options) { o.MaxInFlight = 8 }) // of which strangers have one
	hold := make(chan struct{})
	reading := &slowBody{began: make(chan struct{}), hold: hold}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		req, w := direct("/hooks/entra/acme-entra/STRANGER", "")
		req.Body, req.ContentLength = reading, 100
		g.router.ServeHTTP(w, req)
	}()
	<-reading.began
	body := notifications(told(nil))
	r := g.notify(t, "acme-entra", body)
	problem(t, r, http.StatusServiceUnavailable)
	if g.count(intake.Busy) != 1 {
		t.Error("not counted as busy")
	}
	if r := g.notify(t, "acme-entra/"+usersNonce, body); r.status != http.StatusAccepted {
		t.Errorf("Microsoft is kept out: %d", r.status)
	}
	close(hold)
	<-gone
	if r := g.notify(t, "acme-entra", body); r.status != http.StatusAccepted {
		t.Errorf("the place was not given back: %d", r.status)
	}
}

// slowBody tells when it is read, and then waits and breaks off.
type slowBody struct{ began, hold chan struct{} }

func (b *slowBody) Read([]byte) (int, error) {
	close(b.began)
	<-b.hold
	return 0, http.ErrBodyReadAfterClose
}

func (*slowBody) Close() error { return nil }

// TestEntraConnectionsThatCannotWork do not start.
func TestEntraConnectionsThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*intake.Options){
		"no feeds":              func(o *intake.Options) { o.Feeds = nil },
		"nobody to wake":        func(o *intake.Options) { o.Waker = nil },
		"no directory":          func(o *intake.Options) { o.Connections[0].DirectoryTenant = "" },
		"a domain as directory": func(o *intake.Options) { o.Connections[0].DirectoryTenant = "acme.onmicrosoft.com" },
		"a GUID in braces":      func(o *intake.Options) { o.Connections[0].DirectoryTenant = "{" + acmeTenant + "}" },
		"a letter beyond f":     func(o *intake.Options) { o.Connections[0].DirectoryTenant = "g" + acmeTenant[1:] },
		"dashes moved":          func(o *intake.Options) { o.Connections[0].DirectoryTenant = "84bd815-86d4d-4958-8b9f-9d6445542f95" },
		"no tenant":             func(o *intake.Options) { o.Connections[0].Tenant = "" },
		"no id":                 func(o *intake.Options) { o.Connections[0].ID = "" },
		"the same id twice":     func(o *intake.Options) { o.Connections[0].ID = "bolt-entra" },
		"an Okta org's id": func(o *intake.Options) {
			o.Connections = append(o.Connections, connections()[0])
			o.Connections[0].ID = "acme-okta"
		},
		"a secret":          func(o *intake.Options) { o.Connections[0].Secrets.Current = acmeSecret },
		"a previous secret": func(o *intake.Options) { o.Connections[0].Secrets.Previous = acmeSecret },
		"a header":          func(o *intake.Options) { o.Connections[0].HeaderName = "X-Secret" },
		"a host":            func(o *intake.Options) { o.Connections[0].SourceHost = "login.microsoftonline.com" },
		"Okta with a directory": func(o *intake.Options) {
			o.Connections = append(o.Connections, connections()[0])
			o.Connections[2].DirectoryTenant = acmeTenant
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := intake.Options{Connections: directories(), Store: &fakeStore{}, Feeds: &fakeFeeds{}, Waker: &fakeWaker{}}
			if _, err := intake.New(o); err != nil {
				t.Fatal("it does not start as it is:", err)
			}
			change(&o)
			if _, err := intake.New(o); err == nil || strings.Contains(err.Error(), "YWNtZTpj") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestNoDirectoryNoDoor: an installation without Entra has no such address.
func TestNoDirectoryNoDoor(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	body := notifications(told(nil))
	if r := e.say(t, graphScript("acme-okta", body), []byte(body)...); r.status != http.StatusNotFound {
		t.Errorf("got %d", r.status)
	}
}

// FuzzNotifications: whatever is posted, nothing but 202, 400 and 413 is
// answered, and nothing is stored that does not carry a client state.
func FuzzNotifications(f *testing.F) {
	f.Add(`{"value":[` + good() + `]}`)
	f.Add(`{"value":[{},null,` + good() + `,{"lifecycleEvent":"missed"}]}`)
	f.Add(`{"value":[{"subscriptionId":"` + usersID + `","clientState":"x","tenantId":"` + acmeTenant + `"}]}`)
	f.Add(`{"validationTokens":["a.b.c"],"value":[]}`)
	f.Add(`{"value":[{"a":[[{"b":1e9}]]}]}`)
	feeds := &fakeFeeds{feeds: map[holds.ConnectionID][]holds.Feed{"acme-entra": {usersFeed(), groupsFeed()}}}
	store := &fakeStore{}
	in, err := intake.New(intake.Options{
		Connections: directories(), Store: store, Feeds: feeds, Waker: &fakeWaker{store: store}, Now: noon,
	})
	if err != nil {
		f.Fatal(err)
	}
	e := gateway.NewEcho(gateway.Options{})
	in.Routes(e)
	f.Fuzz(func(t *testing.T, body string) {
		before := len(store.all())
		req, w := direct("/hooks/entra/acme-entra", body)
		e.ServeHTTP(w, req)
		if w.Code != http.StatusAccepted && w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		stored := len(store.all()) > before
		if stored && !strings.Contains(body, usersState) && !strings.Contains(body, `\`) {
			t.Fatal("a forgery is stored")
		}
		if stored && w.Code != http.StatusAccepted {
			t.Fatalf("stored, and answered %d", w.Code)
		}
	})
}
