package entra

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// method is an authentication method as Graph lists it. The SDK's models drop
// the date of most kinds and every kind they do not know
// (https://learn.microsoft.com/graph/api/resources/authenticationmethod).
type method struct {
	Type    string    `json:"@odata.type"`
	ID      string    `json:"id"`
	Created time.Time `json:"createdDateTime"`
	Name    string    `json:"displayName"`
	Model   string    `json:"model"`
	Device  string    `json:"deviceTag"`
	Phone   string    `json:"phoneNumber"`
	Place   string    `json:"phoneType"` // mobile, alternateMobile, office
	Email   string    `json:"emailAddress"`
}

// kind is the type in short, such as "phone" or "temporaryAccessPass"; the
// decoder names factors alike.
func (m method) kind() string {
	return strings.TrimSuffix(strings.TrimPrefix(m.Type, "#microsoft.graph."), "AuthenticationMethod")
}

// object is the method's id in a snapshot: Graph deletes each kind at an address
// of its own.
func (m method) object() string { return m.kind() + ":" + m.ID }

// methods reads what an account signs in with.
func (c *Client) methods(ctx context.Context, account string) ([]method, error) {
	if err := checkID("account", account); err != nil {
		return nil, err
	}
	n := need{"read an account's authentication methods", "UserAuthenticationMethod.Read.All"}
	all, err := elements[method](ctx, c, n, "/users/"+url.PathEscape(account)+"/authentication/methods", nil)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if !isKey(m.ID) || !isWord(m.kind()) || !strings.HasPrefix(m.Type, "#microsoft.graph.") {
			return nil, odd("an authentication method")
		}
	}
	slices.SortFunc(all, func(a, b method) int { return cmp.Compare(a.object(), b.object()) })
	return all, nil
}

// isKey tells whether a text has the form of the ids Graph gives beside GUIDs:
// letters, digits, "-" and "_", so that it cannot end a path or begin another.
func isKey(s string) bool {
	return len(s) >= 8 && len(s) <= 256 && strings.IndexFunc(s, func(r rune) bool { return !isLetter(r) && r != '-' && r != '_' }) < 0
}

func isWord(s string) bool {
	return s != "" && len(s) <= 60 && strings.IndexFunc(s, func(r rune) bool { return !isLetter(r) }) < 0
}

func isLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// factors leaves the password out: it is no second factor, and Graph does not
// delete it.
func factors(all []method) []holds.Factor {
	out := make([]holds.Factor, 0, len(all))
	for _, m := range all {
		if m.kind() == "password" {
			continue
		}
		out = append(out, holds.Factor{ID: m.object(), Kind: m.kind(), Name: m.title(), Status: "registered", Created: m.Created.UTC()})
	}
	return out
}

// title is what a person would know the method by, without the whole number or
// address: names are not sealed.
func (m method) title() string {
	if n := []rune(m.Phone); len(n) > 2 {
		return providers.Plain("phone ending "+string(n[len(n)-2:]), longest)
	}
	if _, domain, ok := strings.Cut(m.Email, "@"); ok {
		return providers.Plain("address at "+domain, longest)
	}
	return providers.Plain(cmp.Or(m.Name, m.Model, m.Device), longest)
}

func (m method) label() string {
	if t := m.title(); t != "" {
		return m.kind() + " (" + t + ")"
	}
	return m.kind()
}

// The contact points that methods are, by the names RestoreProfile takes. An
// account has at most one phone of each place, and one e-mail address.
const (
	methodPhone = "phone." // and the place
	methodEmail = "email"
)

func methodContacts(all []method) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		switch {
		case m.kind() == "phone" && phoneID(m.Place) != "":
			keep(out, methodPhone+m.Place, m.Phone)
		case m.kind() == "email":
			keep(out, methodEmail, m.Email)
		}
	}
	return out
}

// phoneID is the id every phone of a place has, in all tenants
// (https://learn.microsoft.com/graph/api/phoneauthenticationmethod-get).
func phoneID(place string) string {
	switch place {
	case "mobile":
		return "3179e48a-750b-4051-897c-87b9720928f7"
	case "alternateMobile":
		return "b6332ec1-7057-4abe-9331-3d72feddfe41"
	case "office":
		return "e37fc753-ff3b-4958-9484-eaa9425c82bc"
	}
	return ""
}

// emailID is the id every e-mail method has.
const emailID = "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"
