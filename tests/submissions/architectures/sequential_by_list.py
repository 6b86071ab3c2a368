# A beginner's sequential network, given as a list, with 32 filters in the layer that is looked into. The
# training is continued by a second call of fit, as the loss was still falling after the first. The ascent
# goes filter by filter, the grid is 4 x 8. Everything is right.
#
# /// label
# ///

# %% cnn
# my first CNN :)
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),

    # the convolutions get smaller pictures but more filters
    layers.Conv2D(8, (3, 3), padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D((2, 2)),            # now 14 x 14
    layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D((2, 2)),            # now 7 x 7

    # and at the end the decision: which digit is it?
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

print("first round")
results = model.fit(x_train, y_train, epochs=2, batch_size=32, verbose=2)

# the loss was still going down, so I continue (the weights are kept!)
print("second round")
results2 = model.fit(x_train, y_train, epochs=2, batch_size=32, verbose=2)

all_losses = results.history["loss"] + results2.history["loss"]
print("all losses:", all_losses)

test_loss, test_accuracy = model.evaluate(x_test, y_test, verbose=0)
print("accuracy on the test digits:", test_accuracy)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32  # my layer has 32
visualized_feature = []

# this model stops at conv2d_3
short_model = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # 1. the image, noise at first
    noise = np.random.uniform(0, 1, (1, 28, 28, 1))
    input_img = KTF.variable(noise)

    for update in range(gradient_updates):
        # 2. the mean activation
        with tf.GradientTape() as tape:
            feature_maps = short_model(input_img)
            my_map = feature_maps[:, :, :, filter_index]
            loss = tf.reduce_mean(my_map)

        # 3. gradient
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)

        # 4. one step uphill
        input_img.assign_add(step_size * grads)

    # 5. keep the image
    visualized_feature.append(input_img.numpy())
    if filter_index % 8 == 0:
        print("filter", filter_index, "activation at the end", loss.numpy())

# %% plot
figure = plt.figure(figsize=(12, 7))

for i in range(32):
    plt.subplot(4, 8, i + 1)
    image = visualized_feature[i].copy()
    image = deprocess_image(image)
    image = image[0, :, :, 0]
    plt.imshow(image, cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.tight_layout()
plt.show()
