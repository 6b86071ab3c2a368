# Standardizes the gradient as one standardizes data: its mean is subtracted, and the rest is divided by the standard
# deviation. The steps are as long as asked, but a filter cannot become brighter as a whole.
#
# /// label
# updates = ["pass", "partial"]
# objective = ["pass", "partial"]
# ascent = ["pass", "partial"]
#
# [causes]
# updates = ["other_normalization", "changed_between_steps"]
# ///

# %% cnn
from keras import regularizers

weak = regularizers.l2(1e-5)
model = keras.Sequential(
    [
        layers.Input((28, 28, 1)),
        layers.Conv2D(16, 3, activation="relu", padding="same", kernel_regularizer=weak, name="conv2d"),
        layers.MaxPooling2D(2),
        layers.Conv2D(24, 3, activation="relu", padding="same", kernel_regularizer=weak, name="conv2d_1"),
        layers.Conv2D(24, 3, activation="relu", padding="same", kernel_regularizer=weak, name="conv2d_2"),
        layers.Conv2D(36, 3, activation="relu", padding="same", kernel_regularizer=weak, name="conv2d_3"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(keras.optimizers.Adam(1.5e-3), "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 36
visualized_feature = np.zeros((number_of_filters, 28, 28, 1), dtype="float32")

analysis = keras.Model(model.inputs, model.get_layer(layer_name).output)


def standardize(x):
    """mean 0, standard deviation 1"""
    return (x - tf.reduce_mean(x)) / (tf.math.reduce_std(x) + 1e-8)


for f in range(number_of_filters):
    guess = tf.Variable(np.random.uniform(0, 1, (1, 28, 28, 1)).astype("float32"))
    for n in range(gradient_updates):
        with tf.GradientTape() as tape:
            mean_activation = tf.reduce_mean(analysis(guess)[:, :, :, f])
        guess.assign_add(step_size * standardize(tape.gradient(mean_activation, guess)))
    visualized_feature[f] = guess.numpy()[0]

# %% plot
figure, axes = plt.subplots(6, 6, figsize=(10, 10))
for f, ax in enumerate(axes.ravel()):
    ax.imshow(deprocess_image(visualized_feature[f].copy())[:, :, 0], cmap="gray")
    ax.set_title("feature " + str(f))
    ax.axis("off")
plt.show()
