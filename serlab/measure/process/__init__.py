"""The processes that are measured, and what is known of the machine they run on."""
