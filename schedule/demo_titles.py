"""Invented sessions for the demo, in French, with the track each belongs to."""

TRACKS = [
    ("Cloud", "#0b5c8a"), ("Réseaux et sécurité", "#8a2b0b"), ("Exploitation", "#2f6b3a"),
    ("Sobriété", "#5d6b0b"), ("Métiers", "#6b2f63"), ("Vie du club", "#444c55"),
]  # fmt: skip

TALKS = [
    ("Sortir du cloud public : bilan à deux ans", 0), ("Kubernetes en production, sans héros", 0),
    ("Négocier un contrat d’hébergement souverain", 0), ("La facture cloud, ligne à ligne", 0),
    ("Deux régions, un seul plan de reprise", 0), ("Bases de données managées : ce qu’on garde, ce qu’on rend", 0),
    ("Migrer 1 200 machines virtuelles en neuf mois", 0), ("Plateforme interne : le produit que personne n’avait demandé", 0),
    ("Le FinOps expliqué à la direction financière", 0), ("Réversibilité : l’exercice grandeur nature", 0),
    ("Micro-segmentation : par où commencer ?", 1), ("Après l’incident : les cent premiers jours", 1),
    ("Bastion, coffre-fort et humains", 1), ("DNS : la panne qui n’en était pas une", 1),
    ("Post-quantique : inventaire avant inventaire", 1), ("SD-WAN dans 300 agences", 1),
    ("Exercice de crise : jouez le rôle du RSSI", 1), ("NIS 2 : ce que l’exploitation doit prouver", 1),
    ("Pare-feu : 40 000 règles à trier", 1), ("Wi-Fi 7 en entrepôt, retour d’expérience", 1),
    ("Observabilité : arrêter de tout garder", 2), ("Astreintes : dormir à nouveau", 2),
    ("Sauvegarde immuable : restaurer pour de vrai", 2), ("Mainframe : trente ans de plus ?", 2),
    ("Automatiser sans perdre la main", 2), ("Le patch du mardi soir", 2),
    ("Journaux : du fichier à la preuve", 2), ("Gestion de parc : la vérité est dans l’inventaire", 2),
    ("Changer d’ordonnanceur sans réveiller personne", 2), ("Linux : dix ans de cycle de vie", 2),
    ("Mesurer l’empreinte d’une salle, prise par prise", 3), ("Refroidir avec la Loire", 3),
    ("Allonger la vie des serveurs à sept ans", 3), ("Éteindre la nuit : mode d’emploi", 3),
    ("Chaleur fatale : chauffer la piscine municipale", 3), ("Choisir un centre de données en 2030", 3),
    ("IA et énergie : compter juste", 3), ("Réemploi : la filière que nous avons montée", 3),
    ("Recruter des exploitants en 2027", 4), ("Transmettre COBOL", 4),
    ("Équipes produit, équipes plateforme : qui appelle qui ?", 4), ("Le retour des certifications", 4),
    ("Femmes de l’infrastructure : table ronde", 4), ("Apprentis : six mois pour être utile", 4),
    ("Quitter la technique, y revenir", 4), ("L’IA générative au centre de services", 4),
    ("Virtualisation : quatre sorties, quatre prix", 0), ("Stockage objet : la longue migration", 2),
    ("Atelier : écrire un plan de continuité en 50 minutes", 1), ("Atelier : votre carte applicative", 2),
]  # fmt: skip

PLENARIES = {
    (0, 8, 30): ("Accueil et café", 30), (0, 9, 0): ("Ouverture de la convention", 45),
    (0, 12, 30): ("Déjeuner", 75), (0, 19, 30): ("Dîner du club", 180),
    (1, 8, 30): ("Petit déjeuner des nouveaux adhérents", 30), (1, 12, 30): ("Déjeuner", 75),
    (1, 16, 15): ("Assemblée générale du club", 75), (1, 17, 30): ("Clôture", 20),
    (1, 12, 20): ("Photo de famille", 10),
    (0, 17, 30): ("Remise des prix de l’exploitation", 45),
}  # fmt: skip

SLOTS = [
    (0, 10, 0), (0, 11, 15), (0, 14, 0), (0, 15, 15), (0, 16, 30),
    (1, 9, 15), (1, 10, 20), (1, 11, 25), (1, 14, 0), (1, 15, 15),
]  # fmt: skip
ABSTRACT = (
    "Un retour d’expérience concret : le point de départ, ce qui a été essayé, ce qui a échoué, les chiffres "
    "et ce que l’équipe referait. La moitié du temps est réservée aux questions."
)
