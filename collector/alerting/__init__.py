"""Who is told what went wrong, and when: rules, silence, incidents by rule. It queues news; sending is another's."""
