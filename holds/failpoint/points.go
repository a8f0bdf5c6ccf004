package failpoint

// Point is a place between two steps.
type Point string

// The points, in the order in which one event passes them. Those of a call are
// passed by everything that is done at a provider: restraining, lifting it, and
// undoing a change.
const (
	IntakeBodyRead     Point = "intake-body-read"
	InboxInserted      Point = "inbox-inserted"
	IntakeStored       Point = "intake-stored"
	PollRead           Point = "poll-read"
	PageInserted       Point = "page-inserted"
	PollStored         Point = "poll-stored"
	ClassifyClaimed    Point = "classify-claimed"
	ClassifyDecoded    Point = "classify-decoded"
	ClassifyFolded     Point = "classify-folded"
	ClassifyDone       Point = "classify-done"
	StoreBeforeCommit  Point = "store-before-commit"
	StoreCommitted     Point = "store-committed"
	ClassifyCommitted  Point = "classify-committed"
	ContainIntended    Point = "contain-intended"
	CallTried          Point = "call-tried"
	CallAnswered       Point = "call-answered"
	CallRecorded       Point = "call-recorded"
	ContainBeforeLabel Point = "contain-before-label"
	LiftIntended       Point = "lift-intended"
	LiftBeforeEnd      Point = "lift-before-end"
	RevertIntended     Point = "revert-intended"
	RevertBeforeEnd    Point = "revert-before-end"
	TellPlanned        Point = "tell-planned"
	SendReady          Point = "send-ready"
	SendAccepted       Point = "send-accepted"
	SendRecorded       Point = "send-recorded"
	SweepDue           Point = "sweep-due"
	SweepEscalated     Point = "sweep-escalated"
	AnchorSigned       Point = "anchor-signed"
	AnchorWritten      Point = "anchor-written"
	AnchorPublished    Point = "anchor-published"
)

// Gap is a point with what is durable when a process dies there, and what it
// was about to make durable or to do.
type Gap struct {
	Point  Point
	Before string
	After  string
}

// Gaps is every point there is. Nothing but tests may call it, or the names
// would be in the shipped program.
func Gaps() []Gap {
	return []Gap{
		{IntakeBodyRead, "nothing", "the delivery is stored"},
		{InboxInserted, "nothing: the row is not committed", "the delivery's commit"},
		{IntakeStored, "the delivery", "the provider is answered 2xx"},
		{PollRead, "the cursor before the page", "the page and the cursor behind it"},
		{PageInserted, "the cursor before the page: the row is not committed", "the page and the cursor behind it"},
		{PollStored, "the page and the cursor behind it", "the next page is read"},
		{ClassifyClaimed, "the delivery", "its body is decoded"},
		{ClassifyDecoded, "the delivery", "its events are stored"},
		{ClassifyFolded, "the delivery", "the answer about one subject is written"},
		{ClassifyDone, "the delivery: what became of it is not committed", "jobs and audit entries"},
		{StoreBeforeCommit, "whatever was before: jobs and audit entries are written and not committed", "any commit that queues a job or appends an audit entry"},
		{StoreCommitted, "the change, its jobs and its audit entries", "the workers are woken"},
		{ClassifyCommitted, "what became of the delivery", "the next delivery"},
		{ContainIntended, "the intents of the restraint", "the first call"},
		{CallTried, "an intent, marked as tried", "the call leaves"},
		{CallAnswered, "an intent, marked as tried; the provider has done it", "the outcome"},
		{CallRecorded, "the outcome of a call", "the next call, or reading back"},
		{ContainBeforeLabel, "all outcomes of the restraint; it was read back", "the label of the hold"},
		{LiftIntended, "the intents of the lift", "the first call"},
		{LiftBeforeEnd, "all outcomes of the lift; it was read back", "the hold is released"},
		{RevertIntended, "the intents of the revert", "the first call"},
		{RevertBeforeEnd, "all outcomes of the revert; it was read back", "the hold is reverted"},
		{TellPlanned, "the notices and their jobs", "the job that planned them is done"},
		{SendReady, "the notice", "the message is handed over"},
		{SendAccepted, "the notice; the channel has accepted the message", "the line in the ledger"},
		{SendRecorded, "the line in the ledger", "the hold says that its owner was told"},
		{SweepDue, "a deadline that has passed", "the escalation"},
		{SweepEscalated, "the escalation and its page", "the next deadline"},
		{AnchorSigned, "the audit log", "the checkpoint's file"},
		{AnchorWritten, "the audit log, and a file under a passing name", "the checkpoint's own name"},
		{AnchorPublished, "the checkpoint", "the next look"},
	}
}
