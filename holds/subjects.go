package holds

// Held are the accounts that are judged, and held, for an event: its subjects,
// each decided separately. A change to the whole organisation names none (a new
// identity provider, an API token, a network zone, a federated domain); whoever
// made it is then the one whose account may be in other hands, so the actor's
// account stands in, when the actor is a person. It is nil when there is nobody:
// an application or the platform itself did it, or the kind of change is one
// whose subject must be an account and was not named.
func (e Event) Held() []Account {
	if len(e.Subjects) > 0 {
		return e.Subjects
	}
	if e.Actor.ID == "" || e.Actor.Kind != PartyPerson && e.Actor.Kind != PartyToken {
		return nil
	}
	if e.Class == MFAChange && (e.Verb == Reset || e.Verb == Enrol) {
		return nil // that is done to one account, which was not named
	}
	switch e.Class {
	case OtherTakeover, RemoteAccess, EmergencyAccess, RoleActivation, MFAChange:
		return []Account{{ID: e.Actor.ID, Login: e.Actor.Login, Name: e.Actor.Name}}
	case PasswordReset, RecoveryChange, MailboxDelegation, VaultRecovery, DeviceRegistration, Tamper, Unclassified, None:
	}
	return nil
}
