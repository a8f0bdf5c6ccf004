package holds

import (
	"slices"
	"strings"
)

// AccountMakings are the types of the events that tell of a new account, in the
// providers' words and lower case: Okta's System Log, Entra's audit log, and the
// same in Microsoft's unified audit log.
func AccountMakings() []string { return []string{"user.lifecycle.create", "add user", "add user."} }

// MakesAccount tells whether an event tells of a new account.
func (e Event) MakesAccount() bool {
	return e.Outcome != Failed && slices.ContainsFunc(AccountMakings(), func(t string) bool {
		return strings.EqualFold(t, strings.TrimSpace(e.Type))
	})
}
