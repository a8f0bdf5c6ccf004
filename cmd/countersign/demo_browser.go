package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

// reviewerBrowser is one reviewer at the console: it signs in with a link and
// posts the console's forms, with cookies of its own.
type reviewerBrowser struct {
	w      *demoWorld
	person holds.PersonID
	client *http.Client
}

// browsers signs both reviewers in: the one who checks identity and the one
// who decides.
func (w *demoWorld) browsers(ctx context.Context) (verifier, approver *reviewerBrowser, err error) {
	reviewers := w.withDuty("reviewer")
	if len(reviewers) < 2 {
		return nil, nil, errors.New("the simulated company has fewer than two reviewers")
	}
	if verifier, err = w.signIn(ctx, holds.PersonID(reviewers[0].PersonID())); err != nil {
		return nil, nil, err
	}
	approver, err = w.signIn(ctx, holds.PersonID(reviewers[1].PersonID()))
	return verifier, approver, err
}

func (w *demoWorld) signIn(ctx context.Context, p holds.PersonID) (*reviewerBrowser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b := &reviewerBrowser{w: w, person: p, client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	link, err := w.signInLink(ctx, p)
	if err != nil {
		return nil, err
	}
	return b, b.post(ctx, link, url.Values{})
}

// post sends a form and follows the redirect after it.
func (b *reviewerBrowser) post(ctx context.Context, address string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := b.client.Do(req)
	if err != nil {
		return fmt.Errorf("the console: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode == http.StatusConflict {
		return fmt.Errorf("%w: %s", errStale, words(body))
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the console refused %s of %s with status %d: %s", req.URL.Path, b.person, res.StatusCode, words(body))
	}
	return nil
}

// words is the text of a page, for an error.
func words(page []byte) string {
	var out strings.Builder
	inside := false
	for _, r := range string(page) {
		switch {
		case r == '<':
			inside = true
		case r == '>':
			inside = false
			out.WriteByte(' ')
		case !inside:
			out.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// hold reads what the store knows of the hold.
func (b *reviewerBrowser) hold(ctx context.Context, id holds.HoldID) (holds.View, error) {
	return b.w.service.store.View(ctx, holds.Key{Tenant: demoTenant, Hold: id})
}

// form opens the hold's page as a reviewer does, fills one of its forms in and
// sends it with what the page says it shows. Where the hold has changed meanwhile,
// a reviewer looks again.
func (b *reviewerBrowser) form(ctx context.Context, id holds.HoldID, action string, fields map[string]string) error {
	address := b.w.service.consoleURL() + "/holds/" + string(id)
	var err error
	for range looks {
		page, gerr := b.get(ctx, address)
		if gerr != nil {
			return gerr
		}
		form := shown(page)
		for name, value := range fields {
			form.Set(name, value)
		}
		if err = b.post(ctx, address+"/"+action, form); !errors.Is(err, errStale) {
			return err
		}
	}
	return fmt.Errorf("after %d looks: %w", looks, err)
}

// looks is how often a reviewer looks again.
const looks = 5

// errStale is what the console says to somebody whose page is out of date.
var errStale = errors.New("the hold has changed")

func (b *reviewerBrowser) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := b.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the console: %w", err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("the console answered %s with status %d: %s", req.URL.Path, res.StatusCode, words(page))
	}
	return page, err
}

// shown is what a page says it shows: the version, and the roles a reviewer
// confirms having looked at.
func shown(page []byte) url.Values {
	inputs := regexp.MustCompile(`<input type="(?:hidden|checkbox)" name="(version|shown|events|roles_seen)" value="([^"]*)"`)
	out := url.Values{}
	for _, m := range inputs.FindAllSubmatch(page, -1) {
		out.Set(string(m[1]), html.UnescapeString(string(m[2])))
	}
	return out
}

// checkByCallback records a call to the owner's number on file.
func (b *reviewerBrowser) checkByCallback(ctx context.Context, id holds.HoldID, reference string) error {
	v, err := b.hold(ctx, id)
	if err != nil {
		return err
	}
	owner, err := b.w.service.store.Person(ctx, demoTenant, v.Hold.Owner)
	if err != nil {
		return err
	}
	for _, p := range owner.Points {
		if p.Kind == holds.PhonePoint {
			return b.form(ctx, id, "evidence", map[string]string{
				"kind": string(holds.Callback), "point": p.ID,
				"requester": string(v.Hold.Owner), "reference": reference,
			})
		}
	}
	return errors.New("the owner has no number on file")
}

// checkByManager records that the manager on record confirmed.
func (b *reviewerBrowser) checkByManager(ctx context.Context, id holds.HoldID, reference string) error {
	v, err := b.hold(ctx, id)
	if err != nil {
		return err
	}
	return b.form(ctx, id, "evidence", map[string]string{
		"kind": string(holds.ManagerConfirmed), "requester": string(v.Hold.Owner), "reference": reference,
	})
}

// decide decides on the version as it is.
func (b *reviewerBrowser) decide(ctx context.Context, id holds.HoldID, kind holds.DecisionKind, reason string) error {
	v, err := b.hold(ctx, id)
	if err != nil {
		return err
	}
	return b.form(ctx, id, "decision", map[string]string{
		"decision": string(kind), "reason": reason, "target": v.Hold.Subject.Login,
	})
}
