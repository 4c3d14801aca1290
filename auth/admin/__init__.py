"""Staff's pages: signing in by cookie, with a defence against forged forms; the demo's mailbox."""
