"""Laws of servers and codecs: fitted, carried to another machine, and put to use. Pure functions over records."""
