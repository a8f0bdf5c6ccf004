// Package providertest says what every provider must do, whatever platform it
// speaks to. A provider's own tests call [Run] with a [Harness] around its
// simulator; what the suite asks is asked of all alike:
//
//   - one intent, one effect: Do changes once, and says already when it was so;
//   - what cannot be is refused, what is gone is gone, and neither is an error;
//   - an answer that was lost is an error of kind unavailable, never a success and
//     never a failure, and reading back tells what became of it;
//   - every call ends at its deadline, also when the other side hangs;
//   - no error shows a secret, and no id that is not one reaches the network;
//   - a restraint that does not restrain is seen;
//   - what no snapshot shows is read back by itself, and an outage is never taken
//     for an answer;
//   - everything an account did or suffered is told once, and an account is found by
//     its sign-in name alone.
//
// Actions and questions that not every platform has are asked of those whose
// harness names them.
package providertest
