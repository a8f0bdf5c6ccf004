package okta

import (
	"strings"

	"github.com/countersign/countersign/holds"
)

// undo names the action that takes back what came into being, when the event tells
// exactly one such thing by an id of Okta's form. What only a before-image can
// tell, such as a role or an attribute, is not here.
func undo(e *holds.Event, k kind, l *logEvent) {
	kind, prefix := "", ""
	switch k.undo {
	case holds.RevokeToken:
		kind, prefix = "Token", "00T"
	case holds.DeactivateIDP:
		prefix = "0oa" // its type is not documented
	case holds.DisableDevice:
		kind, prefix = "UDDevice", "guo"
	case holds.LeaveGroup:
		kind, prefix = "UserGroup", "00g"
	default:
		return
	}
	found := ""
	for _, t := range l.targets {
		switch {
		case !isID(t.id) || t.account() || t.kind != kind && !strings.HasPrefix(t.id, prefix):
		case found != "" && found != t.id:
			return
		default:
			found = t.id
		}
	}
	if found != "" {
		e.Undo = holds.Action{Kind: k.undo, Object: found}
	}
}
