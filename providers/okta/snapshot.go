package okta

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v2/okta"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// maxPages bounds the lists that are read in pages.
const maxPages = 20

// Snapshot reads an account with its factors, roles and groups. It is NotFound
// when the account is gone, and fails as a whole when a part cannot be read: half
// a before-image would make a revert take too much.
func (c *Client) Snapshot(ctx context.Context, account string) (holds.Snapshot, error) {
	s, err := c.account(ctx, account)
	if err != nil {
		return holds.Snapshot{}, err
	}
	if s.Factors, err = c.factors(ctx, account); err != nil {
		return holds.Snapshot{}, err
	}
	if s.Roles, err = c.roles(ctx, account); err != nil {
		return holds.Snapshot{}, err
	}
	if s.Groups, err = c.groups(ctx, account); err != nil {
		return holds.Snapshot{}, err
	}
	s.Restrained = slices.ContainsFunc(s.Groups, func(g holds.Object) bool { return g.ID == c.opt.RestraintGroup })
	return s, nil
}

// account reads the profile and status alone.
func (c *Client) account(ctx context.Context, account string) (holds.Snapshot, error) {
	if err := checkID("account", account); err != nil {
		return holds.Snapshot{}, err
	}
	at := c.opt.Now().UTC()
	u, resp, err := c.sdk().User.GetUser(ctx, url.PathEscape(account))
	if err := c.failed(resp, err, "read an account", "okta.users.read"); err != nil {
		return holds.Snapshot{}, err
	}
	if u == nil || u.Id != account || u.Status == "" {
		return holds.Snapshot{}, odd("an account")
	}
	p := map[string]any{}
	if u.Profile != nil {
		p = *u.Profile
	}
	get := texts(p)
	s := holds.Snapshot{
		Account: holds.Account{ID: u.Id, Login: get("login"), Name: name(get)},
		At:      at, Status: statusOf(u.Status), VendorStatus: providers.Plain(u.Status, 40),
		Contacts:   contacts(p),
		Attributes: pick(get, "department", "title", "userType"),
	}
	if u.Created != nil {
		s.Created = u.Created.UTC()
	}
	return s, nil
}

// texts reads attributes that are texts.
func texts(profile map[string]any) func(name string) string {
	return func(name string) string {
		v, _ := profile[name].(string)
		return providers.Plain(v, longest)
	}
}

// contacts are the attributes an account is recovered by, the organisation's own
// ones too.
func contacts(profile map[string]any) map[string]string {
	var names []string
	for name := range profile {
		if isAttribute(name) && kept(name) {
			names = append(names, name)
		}
	}
	return pick(texts(profile), names...)
}

func name(get func(string) string) string {
	first, last := get("firstName"), get("lastName")
	if first == "" || last == "" {
		return cmp.Or(get("displayName"), first+last)
	}
	return cmp.Or(get("displayName"), first+" "+last)
}

func pick(get func(string) string, names ...string) map[string]string {
	out := map[string]string{}
	for _, n := range names {
		if v := get(n); v != "" {
			out[n] = v
		}
	}
	return out
}

// statusOf maps Okta's statuses. Only ACTIVE can be suspended; a status this
// program does not know is taken for one that cannot
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/).
func statusOf(s string) holds.Status {
	switch s {
	case "ACTIVE":
		return holds.StatusActive
	case "SUSPENDED":
		return holds.StatusSuspended
	case "DEPROVISIONED":
		return holds.StatusDeleted
	}
	return holds.StatusInactive
}

// factorAnswer is what is read of a factor; the SDK's list drops the profile.
type factorAnswer struct {
	ID       string    `json:"id"`
	Type     string    `json:"factorType"`
	Provider string    `json:"provider"`
	Status   string    `json:"status"`
	Created  time.Time `json:"created"`
	Profile  struct {
		Name              string `json:"name"`
		AuthenticatorName string `json:"authenticatorName"`
		Phone             string `json:"phoneNumber"`
	} `json:"profile"`
}

func (c *Client) factors(ctx context.Context, account string) ([]holds.Factor, error) {
	list, err := c.listFactors(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]holds.Factor, 0, len(list))
	for _, f := range list {
		out = append(out, holds.Factor{
			ID: f.ID, Kind: providers.Plain(f.Type, 40), Name: factorName(f), Status: providers.Plain(f.Status, 40), Created: f.Created.UTC(),
		})
	}
	slices.SortFunc(out, func(a, b holds.Factor) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func (c *Client) listFactors(ctx context.Context, account string) ([]factorAnswer, error) {
	if err := checkID("account", account); err != nil {
		return nil, err
	}
	var list []factorAnswer
	resp, err := c.call(ctx, http.MethodGet, "/api/v1/users/"+url.PathEscape(account)+"/factors", &list)
	if err := c.failed(resp, err, "read an account's factors", "okta.users.read"); err != nil {
		return nil, err
	}
	for _, f := range list {
		if !isID(f.ID) || f.Type == "" {
			return nil, odd("a factor")
		}
	}
	return list, nil
}

// factorName is what a person would know the factor by, without the whole phone
// number: names are not sealed.
func factorName(f factorAnswer) string {
	if n := []rune(f.Profile.Phone); len(n) > 2 {
		return providers.Plain("phone ending "+string(n[len(n)-2:]), longest)
	}
	return providers.Plain(cmp.Or(f.Profile.AuthenticatorName, f.Profile.Name), longest)
}

func (c *Client) roles(ctx context.Context, account string) ([]holds.Role, error) {
	if err := checkID("account", account); err != nil {
		return nil, err
	}
	list, resp, err := c.sdk().User.ListAssignedRolesForUser(ctx, url.PathEscape(account), nil)
	if err := c.failed(resp, err, "read an account's administrator roles", "okta.roles.read"); err != nil {
		return nil, err
	}
	out := make([]holds.Role, 0, len(list))
	for _, r := range list {
		if r == nil || r.Type == "" || providers.Identifier(r.Id) == "" {
			return nil, odd("a role")
		}
		out = append(out, holds.Role{
			ID: r.Id, Kind: providers.Plain(r.Type, 60), Name: providers.Plain(r.Label, longest),
			ViaGroup: r.AssignmentType == "GROUP", Privileged: rankOf(r.Type) != holds.RankOrdinary,
		})
	}
	slices.SortFunc(out, func(a, b holds.Role) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func (c *Client) groups(ctx context.Context, account string) ([]holds.Object, error) {
	if err := checkID("account", account); err != nil {
		return nil, err
	}
	list, resp, err := c.sdk().User.ListUserGroups(ctx, url.PathEscape(account))
	var out []holds.Object
	for page := 1; ; page++ {
		if err := c.failed(resp, err, "read an account's groups", "okta.groups.read"); err != nil {
			return nil, err
		}
		for _, g := range list {
			if g == nil || !isID(g.Id) {
				return nil, odd("a group")
			}
			o := holds.Object{Type: "group", ID: g.Id}
			if g.Profile != nil {
				o.Name = providers.Plain(g.Profile.Name, longest)
			}
			out = append(out, o)
		}
		if !resp.HasNextPage() {
			break
		}
		if page == maxPages {
			return nil, holds.Refuse(holds.Unavailable, "The account is in more groups than %d pages can list.", maxPages)
		}
		list = nil
		resp, err = resp.Next(ctx, &list)
	}
	slices.SortFunc(out, compareObjects)
	return slices.Compact(out), nil
}

// odd is an answer of another shape than asked for: JSON from something that is
// not Okta, perhaps.
func odd(what string) error {
	return holds.Refuse(holds.Unavailable, "Okta answered with something that is not %s.", what)
}

func checkID(what, id string) error {
	if isID(id) {
		return nil
	}
	return holds.Refuse(holds.Invalid, "The id of the %s, %s, is not of Okta's form (20 letters or digits); nothing was called.", what, quoted(id))
}

// emptyAnswer checks the answer to a change: Okta answers 200 or 204 with
// nothing or an empty object. Anything else comes from somebody else, and the
// change must be read back.
func emptyAnswer(resp *sdk.Response) error {
	if resp == nil || resp.Response == nil {
		return odd("an answer")
	}
	var buf bytes.Buffer
	_, err := buf.ReadFrom(resp.Body)
	var m map[string]any
	if err == nil && buf.Len() > 0 {
		err = json.Unmarshal(buf.Bytes(), &m)
	}
	if err != nil || len(m) > 0 {
		return holds.Refuse(holds.Unavailable, "Okta's answer to the change is not one Okta gives. Whether it took effect must be read back.")
	}
	return nil
}
