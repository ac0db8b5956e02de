package report

// nextSteps says what a person does next; nothing when all is well.
func (r Report) nextSteps() []string {
	var steps []string
	add := func(n int, step string) {
		if n > 0 {
			steps = append(steps, step)
		}
	}
	s, again := r.Summary, "run `bindgate "+orElse(r.Run.Command, "lint")+"` again"
	if r.Run.Interrupted {
		s.Undetermined = 0 // nobody was asked to the end
		add(1, again+r.goingOn())
	}
	add(s.Unknown, "find out with `bindgate lint` whether the call took effect; `bindgate apply` reads the state first and repeats nothing that stands")
	add(s.Failed, "mend what the gateway's code names, then "+again+"; what stands is not sent again")
	add(s.Incomplete, "the domain is bound, but not yet as asked: "+again+" to complete it, or use the commands above to go back")
	add(s.Refused, "fix the findings above, then "+again)
	add(s.Undetermined, "make what could not be asked answer, then "+again+"; until then nothing is bound")
	add(s.Partial, again+" without --offline and --without to judge what was left out")
	return steps
}

// done says what an interrupted run did, and what not.
func (r Report) done() string {
	sent, missing := r.sent()
	switch {
	case r.Run.Command != "apply":
		return "not everything may have been looked at; nothing was changed"
	case len(sent) == 0:
		return "no call was made"
	case len(missing) == 0:
		return "calls were made for " + list(sent)
	}
	return "calls were made for " + list(sent) + "; none for " + list(missing)
}

// goingOn says what the next run does with what an interrupted one left.
func (r Report) goingOn() string {
	sent, _ := r.sent()
	switch {
	case r.Run.Command != "apply":
		return " to judge the rest"
	case len(sent) == 0:
		return "; it judges afresh"
	}
	return " on the manifest, for a plan made before no longer holds; it judges afresh and repeats nothing that stands"
}

// sent are the domains for which calls were made, and those for which none was.
func (r Report) sent() (sent, missing []string) {
	for _, b := range r.Bindings {
		switch o := b.Outcome; {
		case o == nil:
		case o.Sent:
			sent = append(sent, b.DomainName)
		case o.Status == notAttempted:
			missing = append(missing, b.DomainName)
		}
	}
	return sent, missing
}
