"""Pages of sponsors and packages: public, behind the sponsor's link, and for organizers."""
