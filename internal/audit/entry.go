package audit

// Entry is a row on its way into the table. Sign is called with the number the
// row will have, when the row is otherwise complete.
type Entry struct {
	Row  Row
	Sign func(*Row) error
}
