# The given cell was merged with the student's helper functions, with another way to write normalize, and
# deleted at its place. Nothing is lost.
#
# /// label
# [cells]
# insert = {helpers = "data"}
# delete = ["normalize"]
# ///

# %% helpers
gradient_updates, step_size = 50, 1.0


def normalize(gradient):
    # same as in the exercise: root mean square 1
    return gradient * tf.math.rsqrt(tf.reduce_mean(gradient**2) + KTF.epsilon() ** 2)


def noise():
    return tf.Variable(np.random.rand(1, 28, 28, 1).astype("float32"))

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

up_to_layer = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = noise()
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(up_to_layer(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(10, 6))
for i, image in enumerate(visualized_feature):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(image.copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i), fontsize=7)
    plt.axis("off")
plt.show()
