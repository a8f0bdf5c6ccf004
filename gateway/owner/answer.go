package owner

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/countersign/countersign/gateway"
	"github.com/countersign/countersign/gateway/page"
	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/ownerlink"
)

// The answers a page can send.
const (
	notMe = "not_me"
	wasMe = "was_me"
)

// said is the page after an answer.
type said struct {
	change
	NotMe bool
}

// answer takes the owner's word.
func (o *Owner) answer(c echo.Context) error {
	at, err := o.open(c)
	if err != nil {
		return o.refuse(c, err)
	}
	code, word, err := readAnswer(c)
	if err == nil {
		err = o.Answers.Answer(c.Request().Context(), at.notice.Tenant, at.notice.ID, code, word == notMe)
	}
	if err != nil {
		return o.again(c, at, err)
	}
	after, err := o.open(c)
	if err != nil {
		// The word is taken; what the page says of the hold is then a little old.
		after = at
	}
	return o.render(c, http.StatusOK, "answered", said{change: o.describe(c, after), NotMe: word == notMe})
}

// readAnswer reads the form. What cannot be a code is refused here, before it
// is counted: a program that presses buttons must not use up the owner's tries.
func readAnswer(c echo.Context) (code, word string, err error) {
	f, err := page.ReadForm(c)
	if err != nil {
		return "", "", err
	}
	if word, err = f.Field("answer"); err != nil {
		return "", "", err
	}
	if word != notMe && word != wasMe {
		return "", "", holds.Refuse(holds.Invalid, "Choose one of the two answers.")
	}
	typed, err := f.Field("code")
	if err != nil {
		return "", "", err
	}
	if typed == "" {
		return "", "", holds.Refuse(holds.Invalid, "Type the code from the message; without it nothing was done.")
	}
	code, ok := ownerlink.Normalize(typed)
	if !ok {
		return "", "", holds.Refuse(holds.Forbidden, "That is not the code of this message. It has eight letters and digits, like K7QF-2M9D. Nothing was done.")
	}
	return code, word, nil
}

// again shows the page with what went wrong.
func (o *Owner) again(c echo.Context, at opened, cause error) error {
	switch holds.KindOf(cause) {
	case holds.NotFound:
		return o.refuse(c, cause)
	case holds.Internal, holds.Unavailable:
		return cause
	case holds.Invalid, holds.Forbidden, holds.Conflict:
	}
	if fresh, err := o.open(c); err == nil {
		at = fresh // the number of tries has moved on
	}
	p := o.describe(c, at)
	p.Wrong = detail(cause)
	return o.render(c, gateway.Describe(cause).Status, "change", p)
}
