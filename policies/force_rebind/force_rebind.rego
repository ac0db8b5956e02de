# METADATA
# title: A force takes a domain from known groups only, with a ticket, after the traffic, outside freezes
# scope: package
# custom:
#   needs: [account, dns]
package bindgate.force.rebind

default allow := false

allow if count(reasons) == 0

# Each reason answers for one condition that must hold. What cannot be decided
# does not hold, so whatever is missing gives a reason and no leave.
reasons contains {"msg": "the settings of force_rebind are incomplete, of the wrong kind or have a key that is not known"} if not settings_sound

reasons contains {
	"msg": "the groups that would lose the domain are not all known by id and name",
	"pointer": "/isForce",
} if {
	not losers_known
}

reasons contains {
	"msg": sprintf("the group %s (%s) would lose the domain and is protected", [loser.groupId, loser.groupName]),
	"pointer": "/isForce",
} if {
	some loser in losers
	not unprotected(loser)
}

reasons contains {
	"msg": sprintf("the domain %s is protected: nobody takes it over by force", [name]),
	"pointer": "/domainName",
} if {
	some name in taken_names
	not domain_unprotected(name)
}

reasons contains {
	"msg": sprintf("the label %s is missing or empty", [name]),
	"pointer": label_pointer(name),
} if {
	some name in required_labels
	not label_given(name)
}

reasons contains {
	"msg": sprintf("the label %s is not a ticket: want %s", [settings.ticketLabel, settings.ticketPattern]),
	"pointer": label_pointer(settings.ticketLabel),
} if {
	label_given(settings.ticketLabel)
	not ticket_given
}

reasons contains {
	"msg": "the name still leads to a group that would lose it, or nobody can tell: change its resolution first",
	"pointer": "/domainName",
} if {
	not resolution_moved
}

reasons contains {
	"msg": sprintf("no force from %v to %v: %v", [window.from, window.to, window.reason]),
	"pointer": "/isForce",
} if {
	some window in settings.freezeWindows
	not closed(window)
}

settings := data.force_rebind

settings_sound if {
	every list in [settings.protectedGroups, settings.protectedDomains, settings.requiredLabels, settings.freezeWindows] {
		is_array(list)
	}
	every text in [settings.ticketLabel, settings.ticketPattern] {
		is_string(text)
	}
	every window in settings.freezeWindows {
		object.keys(window) == {"from", "to", "reason"}
		every text in [window.from, window.to, window.reason] {
			is_string(text)
		}
	}
}

losers contains holder if {
	some holder in input.evidence.account.facts.holders
	holder.conflicts
}

losers_known if {
	input.evidence.account.facts.complete
	every loser in losers {
		loser.groupId != ""
		loser.groupName != ""
	}
}

unprotected(loser) if {
	every pattern in settings.protectedGroups {
		not covers(pattern, loser.groupId)
		not covers(pattern, loser.groupName)
	}
}

# taken_names are the name that is asked for and every name that another group
# would lose: a forced wildcard takes the names below it, a forced name the
# wildcards above it.
taken_names contains input.binding.domainName

taken_names contains loser.domain.domainName if some loser in losers

# domain_unprotected compares both ways round: a protected name that a taken
# wildcard covers is taken with it.
domain_unprotected(name) if {
	every pattern in settings.protectedDomains {
		not covers(pattern, name)
		not under(pattern, name)
	}
}

under(pattern, name) if {
	startswith(name, "*.")
	endswith(lower(pattern), substring(lower(name), 1, -1))
}

# covers wants null for the delimiters: an empty list means the dot, and then *
# would end at it. Letter case protects nothing from anybody.
covers(pattern, name) if glob.match(lower(pattern), null, lower(name))

required_labels contains settings.ticketLabel

required_labels contains name if some name in settings.requiredLabels

# label_pointer escapes the name as RFC 6901 wants it.
label_pointer(name) := sprintf("/labels/%s", [replace(replace(name, "~", "~0"), "/", "~1")])

label_given(name) if trim_space(input.binding.labels[name]) != ""

ticket_given if {
	regex.match(sprintf("^(?:%s)$", [settings.ticketPattern]), input.binding.labels[settings.ticketLabel])
}

# A binding that proves its domain by TXT has no alias to its own group to show,
# so it must be seen that the name leads to none of the others.
resolution_moved if input.results["dns/cname-reaches-group"].status == "pass"

resolution_moved if {
	input.binding.domainProof == "txt"
	input.evidence.dns.facts.end.name != ""
	every loser in losers {
		loser.subDomain != ""
		not plain(loser.subDomain) in names_on_the_way
		not aliased_to(loser)
	}
}

names_on_the_way contains plain(input.evidence.dns.facts.end.name)

names_on_the_way contains plain(hop.target) if some hop in input.evidence.dns.facts.hops

plain(name) := trim_suffix(lower(name), ".")

aliased_to(loser) if input.evidence.account.facts.aliasedTo.groupId == loser.groupId

# A window holds its first instant and not its last.
closed(window) if {
	from := time.parse_rfc3339_ns(window.from)
	to := time.parse_rfc3339_ns(window.to)
	from < to
	outside(from, to)
}

outside(from, _) if run_now < from

outside(_, to) if run_now >= to

run_now := time.parse_rfc3339_ns(input.run.now)
