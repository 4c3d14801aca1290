"""Ways through a door besides the owner's app: PIN and QR codes, who may make them, and whether one opens now."""
