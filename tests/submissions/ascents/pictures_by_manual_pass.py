# The images are in a list called pictures; visualized_feature is left empty. There is no submodel either:
# the image is sent by hand through the layers, one after the other, as far as conv2d_3. 32 filters.
#
# /// label
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, 3, activation="relu", padding="same", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1"),
        layers.Conv2D(24, 3, activation="relu", padding="same", name="conv2d_2"),
        layers.Dropout(0.1),
        layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []
pictures = []


def feature_maps(img):
    out = img
    for layer in model.layers:
        out = layer(out)
        if layer.name == layer_name:
            break
    return out


for n in range(number_of_filters):
    img = tf.Variable(tf.random.uniform((1, 28, 28, 1), 0, 1))
    for step in range(gradient_updates):
        with tf.GradientTape() as tape:
            activity = tf.reduce_mean(feature_maps(img)[..., n])
        direction = normalize(tape.gradient(activity, img))
        img.assign_add(step_size * direction)
        if n < 2 and step % 10 == 0:
            print(n, step, activity.numpy())
    pictures.append(img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for n, picture in enumerate(pictures):
    plt.subplot(4, 8, n + 1)
    plt.imshow(deprocess_image(picture.copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(n))
    plt.axis("off")

plt.show()
