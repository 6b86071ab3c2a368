# A class of its own with a method for the feature maps.
#
# /// label
# ///

# %% cnn
class PhaseNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.convs = [layers.Conv2D(n, 3, activation="relu", padding="same") for n in (16, 16, 32, 32)]
        self.pool = layers.MaxPooling2D()
        self.mean = layers.GlobalAveragePooling2D()
        self.head = layers.Dense(2, activation="softmax")

    def look(self, x):
        x = self.pool(self.convs[1](self.convs[0](x)))
        return self.convs[3](self.convs[2](x))

    def call(self, x):
        return self.head(self.mean(self.look(x)))


model = PhaseNet()
model(x_train[:1])

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=64, verbose=2)

# %% maps
answers = model.predict(x_test, verbose=0)
said, true = answers.argmax(1), y_test.argmax(1)
right, wrong = np.flatnonzero(said == true), np.flatnonzero(said != true)
chosen = [*right[:2], *wrong[:2]]
weights = model.head.get_weights()[0]
maps = np.moveaxis(model.look(x_test[chosen]).numpy() @ weights, -1, 1)

# %% plot
fig, axes = plt.subplots(4, 3, figsize=(9, 12))
for i, k in enumerate(chosen):
    axes[i, 0].imshow(x_test[k].squeeze(), cmap="gray")
    axes[i, 0].set_title(f"T={t_test[k]:.2f} {PHASES[true[k]]}")
    for c in range(2):
        axes[i, c + 1].imshow(tf.image.resize(np.asarray(maps)[i, c][..., None], (32, 32))[..., 0], cmap="coolwarm")
        axes[i, c + 1].set_title(f"{PHASES[c]} {answers[k, c]:.3f}")
plt.show()
