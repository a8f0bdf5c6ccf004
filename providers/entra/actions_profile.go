package entra

import (
	"context"
	"net/url"
	"slices"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"

	"github.com/countersign/countersign/holds"
)

// restoreProfile sets contacts back to what the before-image has. Those of the
// profile go in one call; a phone or e-mail address that is an authentication
// method has a call of its own. What is so already is not called, so that a
// lost answer is mended by asking again.
func (c *Client) restoreProfile(ctx context.Context, a holds.Action) (holds.Result, error) {
	if a.Before == nil {
		return holds.Result{}, holds.Refuse(holds.Invalid, "The values to restore are missing.")
	}
	names := strings.Split(a.Object, ",")
	for _, name := range names {
		if !restorable(name) {
			return holds.Result{}, holds.Refuse(holds.Invalid, "The attribute %q is not one that is restored; nothing was called.", shortWord(name))
		}
	}
	now, err := c.account(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	found, err := c.methods(ctx, a.Account)
	if err != nil {
		return holds.Result{}, err
	}
	for name, value := range methodContacts(found) {
		now.Contacts[name] = value
	}
	names = slices.DeleteFunc(names, func(n string) bool { return now.Contacts[n] == a.Before.Contacts[n] })
	if len(names) == 0 {
		return already("The attributes had their earlier values.")
	}
	profile := slices.DeleteFunc(slices.Clone(names), isMethodContact)
	if len(profile) > 0 && synced(now) {
		return refusedBy("The account is synchronised from an on-premises directory. Set back there: %s.", strings.Join(profile, ", "))
	}
	if len(profile) > 0 {
		if r, err := c.restoreAttributes(ctx, a, profile); err != nil || r.Status == holds.Refused {
			return r, err
		}
	}
	for _, name := range names {
		if !isMethodContact(name) {
			continue
		}
		if r, err := c.restoreMethod(ctx, a.Account, name, now.Contacts[name], a.Before.Contacts[name]); err != nil || r.Status == holds.Refused {
			return r, err
		}
	}
	return applied("Set back to the values before the change: %s.", strings.Join(names, ", "))
}

// restorable are the attributes of the profile that are written back, and the
// methods that are contact points.
func restorable(name string) bool {
	return slices.Contains([]string{"mobilePhone", "businessPhones", "otherMails", "mail"}, name) || isMethodContact(name)
}

func isMethodContact(name string) bool {
	place, phone := strings.CutPrefix(name, methodPhone)
	return name == methodEmail || phone && phoneID(place) != ""
}

func shortWord(s string) string {
	if isWord(s) {
		return s
	}
	return "(none)"
}

// restoreAttributes patches the profile. An attribute that was empty is emptied.
func (c *Client) restoreAttributes(ctx context.Context, a holds.Action, names []string) (holds.Result, error) {
	body := map[string]any{}
	for _, name := range names {
		body[name] = attributeValue(name, a.Before.Contacts[name])
	}
	n := need{"restore an account's contact attributes", "User.ReadWrite.All"}
	err := c.send(ctx, n, abs.PATCH, "/users/"+url.PathEscape(a.Account), body, entity(a.Account))
	if f := faultOf(err); f != nil && f.status == 400 {
		return refusedBy("Microsoft Entra refuses to set back %s (%s). They may come from an on-premises directory or from Exchange; set them back there.", strings.Join(names, ", "), f.code)
	}
	if err != nil {
		return c.orRank(ctx, a.Account, err)
	}
	return holds.Result{}, nil
}

// attributeValue is what the PATCH carries: a list for the lists, null for
// nothing.
func attributeValue(name, value string) any {
	lists := name == "businessPhones" || name == "otherMails"
	switch {
	case lists && value == "":
		return []string{}
	case lists:
		return strings.Split(value, "\n")
	case value == "":
		return nil
	}
	return value
}

// restoreMethod writes, makes or deletes one phone or e-mail method.
func (c *Client) restoreMethod(ctx context.Context, account, name, now, before string) (holds.Result, error) {
	at, id, body := "/users/"+url.PathEscape(account)+"/authentication/emailMethods", emailID, map[string]any{"emailAddress": before}
	if place, ok := strings.CutPrefix(name, methodPhone); ok {
		at, id = "/users/"+url.PathEscape(account)+"/authentication/phoneMethods", phoneID(place)
		body = map[string]any{"phoneNumber": before, "phoneType": place}
	}
	n := need{"restore a recovery contact", "UserAuthenticationMethod.ReadWrite.All"}
	var err error
	switch {
	case before == "":
		err = c.send(ctx, n, abs.DELETE, at+"/"+id, nil, noContent)
	case now == "":
		err = c.send(ctx, n, abs.POST, at, body, entity(id))
	default:
		err = c.send(ctx, n, abs.PATCH, at+"/"+id, body, entity(id))
	}
	if f := faultOf(err); f != nil && f.status == 400 {
		return refusedBy("Microsoft Entra refuses to set back %s (%s). Set it back by hand under the account's authentication methods.", name, f.code)
	}
	if err != nil {
		if isNotFound(err) {
			return holds.Result{}, readBack(err)
		}
		return c.orRank(ctx, account, err)
	}
	return holds.Result{}, nil
}
