"""Deploy: read the state, plan, look at the account, take the steps, prove that it answers."""
