package holds

// Question is one event and one of its subjects, with everything a decision
// about it rests on. The store assembles it inside the transaction that will
// commit the answer.
type Question struct {
	Delivery Delivery
	Event    Event
	Subject  Account
	Facts    Facts
	// Open is the subject's open hold, locked; nil when there is none.
	Open *Hold
	// Last is the subject's newest hold that is not open; nil when there is none.
	Last *Hold
}

// Answer is what becomes of an event for one subject.
type Answer struct {
	Ruling Ruling
	// Change is committed with the event; nil when no hold is touched.
	Change *Change
}

// Recorded is an event as stored, with the verdict on it.
type Recorded struct {
	Event   Event
	Verdict Verdict
	Reason  string
	Rule    string
	// Hold is the hold the event opened or joined, if any.
	Hold HoldID
}
