package quarter

// The base rates: how often things happen in an organisation that nobody attacks.
// Rates of people are for a hundred people and a year, those of the company for a
// year in a company of three hundred. Where a number has no source, it is an
// assumption, and says so. None of them was chosen by what the policy makes of it.
const (
	// hires and leavers: 3.5 % of the employed are hired each month, and about as many
	// leave (U.S. Bureau of Labor Statistics, JOLTS, hires rate of November 2023).
	hires   = 42
	leavers = 42

	// newPhones: people keep a phone for 33 months (Strategy Analytics, survey of 2,500,
	// 32.9 months).
	newPhones = 36
	// withoutOld is the share of new phones whose owner has no old one any more to
	// approve the new one with: traded in, lost or broken. Assumption: one in four.
	withoutOld = 0.25
	// bothDesks is the share of help-desk resets that are made at both platforms in
	// the same call; the others only where the person could not get in. Assumption.
	bothDesks = 0.4

	// forgotten passwords: twice a year and person (Avatier, help desk workforce
	// planning, 2026).
	forgotten = 200
	// deskResets are those of them that end at the help desk. Of 50,000 tickets of more
	// than thirty organisations about 5 % are about a login that does not work (Fixify,
	// IT help desk benchmark 2026: 22 % of tickets stop somebody's work, 22 % of those
	// are login trouble). At 0.8 tickets a person and month (assumption) that is 46 a
	// year; a third of them end in a new password, a quarter are the phones above, the
	// rest in an unlocked account or advice (assumption).
	deskResets = 15
	unlocks    = 20

	// passkeys are second or better factors that people add because they want to.
	// Assumption.
	passkeys = 15
	// newNumbers: 35 million of about 400 million U.S. numbers are disconnected each
	// year (FCC, quoted by Lee and Narayanan, "Security and Privacy Risks of Number
	// Recycling", 2021).
	newNumbers = 9
	// laptops are replaced every four years. Assumption.
	laptops = 25
	// returns from long leave, for which an account is enabled again. Assumption.
	returns = 2
	// guests: people from elsewhere who are invited to a team or a document. Assumption.
	guestsInvited = 80
	// harmlessConsents let an application know who somebody is; since 2025 Microsoft's
	// default asks an administrator for everything else.
	harmlessConsents = 60
	// groupChanges and profileChanges are written by provisioning and group rules.
	groupChanges   = 1200
	profileChanges = 600

	// elsewhere is the share of own enrolments from a network nobody saw the person in:
	// a phone's carrier, a shop, a hotel on its first day. Assumption.
	elsewhere = 0.05
	// atOffice is the share of working days in the office; the others are at home.
	atOffice = 0.55
	// trips: days of travel among working days. Assumption: one in five people travels,
	// seven times a year, three days each.
	trips    = 0.016
	tripDays = 3
)

// Of the company, for a year.
const (
	// activations of eligible roles by each of the administrators; those of the
	// top role; grants outside of privileged identity management; new eligibilities and
	// their renewals; Okta's administrator roles. Assumptions: eight administrators who
	// take a role up four times a week, and Microsoft's advice to use a lesser role
	// than Global Administrator wherever there is one.
	activations   = 8 * 4 * 52
	topActivation = 26
	outsidePIM    = 6
	eligibilities = 12
	oktaRoles     = 8

	// accessPolicies are edits of Conditional Access policies and named locations;
	// oktaPolicies are those of Okta's policies, rules and zones. Each is one sitting of
	// an administrator. Assumptions.
	accessPolicies = 20
	oktaPolicies   = 24
	methodPolicies = 2

	// secrets: fifteen applications with a client secret that lives for 180 days, which
	// is what Microsoft's portal recommends, rotated by hand.
	secrets = 30
	// tokens and clients of Okta, consents for the whole organisation, changes to
	// applications' settings. Assumptions.
	tokens        = 6
	adminConsents = 20
	appChanges    = 40
	// signInOnly is the share of consents for everybody to an application that only
	// wants to know who signs in. Assumption.
	signInOnly = 0.5
	// deviceKeys are keys of devices (LAPS, BitLocker) that IT reads; people read their
	// own, too.
	deviceKeys    = 45
	ownDeviceKeys = 12
	// passes are temporary access passes for people who lost every factor.
	passes = 8
	// delegations of mailboxes by administrators; own rules and forwarding.
	delegations = 20
	ownRules    = 150
)
