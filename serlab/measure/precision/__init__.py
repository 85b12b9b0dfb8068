"""The precision lab: which values survive a codec, the way to a server, and the way back."""
